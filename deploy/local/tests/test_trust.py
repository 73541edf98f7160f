"""Keys are enrolled once at an authority, and an authority that moved away stays believed."""

from pathlib import Path

import pytest

from motcua_local import trust
from motcua_local.credentials import Credentials
from motcua_local.errors import LocalError
from motcua_local.surroundings import SEAL, SIGNER, Surroundings
from simulators.running import RunningSimulator


def test_keys_are_fetched_once_and_each_authority_is_believed(tmp_path: Path) -> None:
    first, second = (_enrolled_at_a_new_authority(tmp_path, name) for name in ("one", "two"))
    files = {path.name for path in first.keys_folder.iterdir()}
    assert files == {f"{SIGNER.key}.p12", f"{SEAL}.p12", "root.pem"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in first.keys_folder.iterdir())

    trust.enrol(second)  # whose authority is gone: nothing is missing
    roots = first.trust_roots.read_bytes()
    assert roots.count(b"BEGIN CERTIFICATE") == 2
    assert all((each.keys_folder / "root.pem").read_bytes() in roots for each in (first, second))


def test_without_the_authority_it_is_told_what_to_start(tmp_path: Path) -> None:
    nobody = Surroundings(tmp_path, {"trust": 1}, Credentials(tmp_path))
    with pytest.raises(LocalError) as raised:
        trust.enrol(nobody)
    assert "motcua up trust" in str(raised.value.next_step)


def _enrolled_at_a_new_authority(folder: Path, name: str) -> Surroundings:
    with RunningSimulator("trust", "--state-folder", str(folder / name)) as authority:
        port = int(authority.url.rpartition(":")[2])
        around = Surroundings(folder, {"trust": port}, Credentials(folder))
        trust.enrol(around)
        trust.enrol(around)
    return around
