"""What `make dev` notices."""

from __future__ import annotations

from pathlib import Path

from dev import Watched


def test_it_notices_what_is_written_made_and_taken_away(tmp_path: Path) -> None:
    kept, gone = tmp_path / "kept.py", tmp_path / "inside" / "gone.py"
    gone.parent.mkdir()
    kept.write_text("a = 1\n")
    gone.write_text("")
    watched = Watched([tmp_path, tmp_path / "nowhere"], (".py",))
    assert watched.changed() == []
    kept.write_text("a = 10\n")
    gone.unlink()
    made = tmp_path / "made.py"
    made.write_text("")
    (tmp_path / "notes.txt").write_text("not looked at")
    assert watched.changed() == sorted([kept, gone, made])
    assert watched.changed() == []
