"""Secrets are named, never written down: `env:SHOP_TOKEN`, or `file:/run/secrets/shop`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from workbench.foundation.errors import Invalid, NotFound, Unavailable, nearest

__all__ = ["is_reference", "named_like_a_secret", "read_secret"]

MOST_BYTES = 65_536
_NAME = re.compile(r"(^|_)(password|passwd|pwd|secret|token|api_?key|private_?key|credentials?)($|_)", re.IGNORECASE)


def named_like_a_secret(name: str) -> bool:
    """Whether a name is one that a secret would have: "api_key", "shop_token"."""
    return _NAME.search(name.replace("-", "_")) is not None


def is_reference(text: str) -> bool:
    """Whether a text says where a secret is kept, and is not one itself."""
    return text.partition(":")[0] in ("env", "file")


def read_secret(reference: str) -> str:
    """The secret that a reference stands for, as it is now.

    Args:
        reference: `env:NAME` is a variable of this process's environment, `file:PATH` the content of a file, without
            the line's end after it. The path begins with `/` or `~`, so that it is the same from every folder.

    Raises:
        Invalid: No reference, or what it names is empty or more than a secret can be. What was given is not repeated,
            since it may be the secret itself.
        NotFound: No such variable or file.
        Unavailable: The file may not be read.
    """
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        secret = _of_environment(name)
    elif kind == "file" and name.startswith(("/", "~")):
        secret = _of_file(Path(name).expanduser())
    else:
        raise Invalid(
            "a secret is given by where it is kept, never in clear",
            hint="write env:NAME for a variable of the environment, or file:/path for a file",
        )
    if not secret:
        raise Invalid(f"the secret {reference} is empty")
    if not secret.isprintable():
        raise Invalid(f"the secret {reference} has a control character", hint="a secret is one line of text")
    return secret


def _of_environment(name: str) -> str:
    if name not in os.environ:
        guess = nearest(name, os.environ)
        raise NotFound(
            f"no variable '{name}' in the environment" + (f"; did you mean '{guess}'?" if guess else ""),
            hint="a notebook's kernel gets few of its server's variables; file:/path is there for both",
        )
    return os.environ[name].strip()


def _of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"no file {path}, which should hold a secret", hint="check the path") from None
    except OSError as error:
        raise Unavailable(f"the secret in {path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise Invalid(f"{path} is larger than a secret can be")
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Invalid(f"the secret in {path} is not UTF-8 text") from None
