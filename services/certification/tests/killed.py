"""`python killed.py`: the dispatcher of the service with the fake signer, until a failpoint kills
it. Its settings are in the environment.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fake_signer import FakeSigner

from certification.app import build
from certification.settings import Settings
from chassis.settings import load


async def sign() -> None:
    service = build(load(Settings), signer=FakeSigner())
    [signing] = [sweep for sweep in service._sweeps if sweep.name == "sign copies"]
    await signing.run()


if __name__ == "__main__":
    asyncio.run(sign())
