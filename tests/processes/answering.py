"""A process to look after: answers 200 at /health until told otherwise, and says who it is at /pid.

python answering.py --home HOME --host HOST --port PORT [--stubborn]
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ill = (Path.cwd() / "ill").exists()
        self.send_response(503 if ill and self.path == "/health" else 200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--home")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--stubborn", action="store_true")
    asked = parser.parse_args()
    if asked.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path("child").write_text(str(child.pid))
    ThreadingHTTPServer((asked.host, asked.port), Answer).serve_forever()
