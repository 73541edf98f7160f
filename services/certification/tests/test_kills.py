"""kill -9 at every boundary between an approved copy and its certified file, in a real process."""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from certification.domain import CopyState, EntryState
from certification.settings import Settings

from .samples import KEYRING_JSON
from .scene import Scene
from .test_crashes import CRASHES

KILLED = Path(__file__).parent / "killed.py"


async def sign_until_killed(settings: Settings, failpoint: str) -> int:
    """Sign in another process until it crashes; gives back how it ended."""
    signers = {subject: asdict(signatory) for subject, signatory in settings.signers.items()}
    told = {
        "DATABASE_URL": settings.database_url,
        "HTTP_PORT": "1",
        "FILES_FOLDER": str(settings.files_folder),
        "ENCRYPTION_KEYS": KEYRING_JSON,
        "PUBLIC_URL": str(settings.public_url),
        "AGENCY": settings.agency,
        "AGENCY_NAME": settings.agency_name,
        "PLACE": settings.place,
        "SIGNERS": json.dumps(signers),
        "TSA_URL": str(settings.tsa_url),
        "TRUST_ROOTS": str(settings.trust_roots),
        "KEYS_FOLDER": str(settings.keys.folder),
        "KEYS_PASSPHRASE": "secret",
    }
    environment = {
        **os.environ,
        "MOTCUA_FAILPOINTS": f"{failpoint}=crash",
        **{f"CERTIFICATION_{name}": value for name, value in told.items()},
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "KAFKA_USERNAME": "nobody",
        "KAFKA_PASSWORD": "nothing",
        "OIDC_ISSUER": "http://issuer.example",
        "OIDC_AUDIENCE": "motcua",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, str(KILLED), env=environment)
    async with asyncio.timeout(60):
        return await process.wait()


@pytest.mark.parametrize("failpoint", CRASHES)
async def test_a_killed_process_leaves_one_certified_copy_and_no_gap(
    scene: Scene, settings: Settings, failpoint: str
):
    copy = await scene.copy(await scene.approved())
    assert await sign_until_killed(settings, failpoint) == -9
    await scene.lease_ends()
    await scene.sign()

    copy = await scene.copy(copy.id)
    assert copy.state is CopyState.CERTIFIED
    assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-certified"]
    assert (await scene.fact(copy.dossier_id, "copy-certified"))["sha256"] == copy.sha256
    left = CRASHES[failpoint][1]
    expected = {None: ["finished"], "started": ["orphaned", "finished"], "finished": ["finished"]}
    assert await scene.attempts() == expected[left]
    assert [(entry.number, entry.state) for entry in await scene.entries()] == [
        (1, EntryState.USED)
    ]
    await scene.sweep("clear files")
    kept = {path.name for path in (settings.files_folder / "content").rglob("*") if path.is_file()}
    assert kept == {copy.clean_sha256, copy.prepared_sha256, copy.sha256}
