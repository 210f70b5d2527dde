"""What is looked for in the bytes of a file is found wherever it stands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.connectors.files.scanning import PIECE, count_of, maybe_zeros

LEADING = re.compile(rb'(?:^|[\r\n" \t;])[-+]?0[0-9xX]')


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='01x.+-;:aT" \n\r\t', max_size=12))
def test_a_zero_before_a_digit_is_found_at_the_beginning_of_a_field_only(text: str) -> None:
    assert maybe_zeros(text.encode(), ";") == bool(LEADING.search(text.encode()))


@pytest.mark.parametrize("zero", [b";07", b";-07", b"\n+0x1"])
def test_a_zero_is_found_wherever_two_pieces_meet(zero: bytes) -> None:
    for begin in range(PIECE - 6, PIECE + 6):
        content = b"1" * begin + zero + b"1" * (PIECE - begin + 40)
        assert maybe_zeros(content, ";")
        assert not maybe_zeros(content.replace(b"0", b"1"), ";")


def test_every_line_is_counted() -> None:
    for length in (0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE):
        assert count_of(b"\n" * length + b"x", b"\n") == length
