"""Who comes at the same moment is served in turns, and nobody holds the others up for long."""

from __future__ import annotations

import asyncio
import time

import pytest
from workbench_voila.turns import Turns


def test_as_many_at_a_time_as_there_are_places() -> None:
    async def come() -> int:
        turns, inside, most = Turns(2), 0, 0

        async def one() -> None:
            nonlocal inside, most
            async with turns.turn():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.01)
                inside -= 1

        await asyncio.gather(*(one() for _ in range(10)))
        return most

    assert asyncio.run(come()) == 2


def test_one_that_takes_long_makes_room_and_its_end_makes_no_more() -> None:
    async def come() -> tuple[float, int]:
        turns = Turns(1, longest=0.1)
        slow = asyncio.Event()

        async def holds() -> None:
            async with turns.turn():
                await slow.wait()

        first = asyncio.create_task(holds())
        await asyncio.sleep(0)
        begun = time.monotonic()
        async with turns.turn():
            waited = time.monotonic() - begun
        slow.set()
        await first
        inside = 0
        async with turns.turn():
            inside = turns._free._value
        return waited, inside

    waited, free_beside_one = asyncio.run(come())
    assert waited < 5
    assert free_beside_one == 0


def test_what_fails_in_its_turn_fails_as_it_did_and_gives_it_back() -> None:
    async def come() -> None:
        turns = Turns(1)
        with pytest.raises(TimeoutError, match="of its own"):
            async with turns.turn():
                raise TimeoutError("of its own")
        async with turns.turn():
            pass

    asyncio.run(asyncio.wait_for(come(), 1))
