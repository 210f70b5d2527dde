"""Words for numbers, said the same way everywhere."""

from __future__ import annotations

__all__ = ["counted", "do"]


def counted(number: int, noun: str) -> str:
    """So many of something: "1 row", "336,776 rows".

    Args:
        number: How many.
        noun: What of, as one is called; its plural is made with an s.

    Returns:
        The number with its thousands told apart, and the noun.
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def do(number: int) -> str:
    """The verb for so many: "1 row does", "3 rows do"."""
    return "does" if number == 1 else "do"
