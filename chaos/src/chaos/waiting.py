"""Waiting for what other processes do, with a deadline: none of them sets an event here."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(ask: Callable[[], Awaitable[bool]], *, within: float, every: float = 0.2) -> bool:
    """Ask until the answer is yes; False after `within` seconds."""
    try:
        async with asyncio.timeout(within):
            while not await ask():  # noqa: ASYNC110 - see above
                await asyncio.sleep(every)
    except TimeoutError:
        return False
    return True
