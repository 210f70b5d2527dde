"""Functions of the workspace that say what is expected: `expectations/checks.py` has `checks:on_time`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from workbench.foundation.errors import Invalid, NotFound, nearest, unknown

__all__ = ["REFERENCE", "Answering", "function_at", "where"]

REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

Answering = Callable[..., Any]


def function_at(folder: Path, reference: str) -> Answering:
    """The function of that name, as its file is now.

    The file is run each time: nothing of it stays in a process that goes on for days while people edit it.

    Args:
        folder: What the modules lie in.
        reference: `module:function`; `late.checks:on_time` is of `late/checks.py`.

    Raises:
        NotFound: No such file, or no such function in it; the message has the nearest one.
        Invalid: The file cannot be run; says where. What Python says of it may quote a value, and is not repeated.
    """
    if not REFERENCE.fullmatch(reference):
        raise Invalid(f"'{reference}' is no function's name", hint="write module:function, as in checks:on_time")
    module, _, name = reference.partition(":")
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    if not path.is_file():
        there = [".".join(one.relative_to(folder).with_suffix("").parts) for one in folder.rglob("*.py")]
        guess = nearest(module, there)
        meant = f"; did you mean '{guess}:{name}'?" if guess else ""
        raise NotFound(f"there is no {path.relative_to(folder.parent)}{meant}")
    made = ModuleType(module)
    made.__file__ = str(path)
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), made.__dict__)
    except SyntaxError as error:
        raise Invalid(f"{path.name} is no Python, line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise Invalid(f"{path.name} cannot be run: {where(error, path)}") from error
    found = getattr(made, name, None)
    if not callable(found):
        own = [
            key for key, value in vars(made).items() if callable(value) and getattr(value, "__module__", "") == module
        ]
        raise unknown(f"function of {path.name}", name, own)
    return found  # type: ignore[no-any-return]


def where(error: BaseException, path: str | Path) -> str:
    """What kind of error it is and the last line of a file that it came through, without its words."""
    line, step = 0, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == str(path):
            line = step.tb_lineno
        step = step.tb_next
    return type(error).__name__ + (f" in line {line}" if line else "")
