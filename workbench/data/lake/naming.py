"""What a dataset may be called: something SQL, a shell and a file name take without quoting surprises."""

from __future__ import annotations

import re

from workbench.foundation.errors import Invalid

__all__ = ["check_name"]

LONGEST = 128


def check_name(name: str) -> None:
    """
    Raises:
        Invalid: Not letters, digits, `_` and `-`, beginning with a letter or `_`, at most 128 of them.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
        suggestion = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:LONGEST]
        if suggestion and not re.match(r"[A-Za-z_]", suggestion):
            suggestion = f"_{suggestion}"
        raise Invalid(
            f"'{name}' cannot be a dataset's name: letters, digits, _ and -, beginning with a letter or _",
            hint=f"call it '{suggestion}'" if suggestion else None,
        )
    if len(name) > LONGEST:
        raise Invalid(f"a dataset's name has at most {LONGEST} characters, this one {len(name)}")
