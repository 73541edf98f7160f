"""The system goes on whatever its Kafka client does, until it is told to stop."""

import asyncio

import pytest

from agency import __main__ as agency


async def test_it_goes_on_though_the_client_cancels_it_over_a_broker_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """aiokafka's consumer lets a cancellation of its own escape when it is stopped then: the
    process would end with exit code 0, as if it had been told to.
    """
    calls: list[str] = []
    working = asyncio.Event()

    async def work(*_: object) -> None:
        calls.append("work")
        if len(calls) == 1:
            raise asyncio.CancelledError
        working.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(agency, "work", work)
    monkeypatch.setattr(agency.settings, "read", lambda: (None, dict[str, str]()))
    running = asyncio.create_task(agency.run())
    async with asyncio.timeout(10):
        await working.wait()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(calls) == 2
