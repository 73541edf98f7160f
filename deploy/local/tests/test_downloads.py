"""The engines' files: verified, whole or not there at all."""

import hashlib
import io
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from motcua_local.downloads import Advance, fetch_with_jgo, installed
from motcua_local.errors import LocalError
from motcua_local.pins import (
    Distribution,
    PinnedFile,
    kafka_distribution,
    postgres_distribution,
)


@pytest.fixture(autouse=True)
def cache(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = open_folder / f"cache {len(list(open_folder.iterdir()))}"
    monkeypatch.setenv("MOTCUA_CACHE", str(cache))
    return cache


class Repository:
    """A repository of made-up artifacts that counts what is asked of it."""

    def __init__(self, **content: bytes) -> None:
        self.content = {f"vn.test:{name}:1": body for name, body in content.items()}
        self.asked: list[str] = []

    def distribution(self) -> Distribution:
        return Distribution("made-up", tuple(map(self._pin, self.content)))

    def _pin(self, coordinates: str) -> PinnedFile:
        body = self.content[coordinates]
        return PinnedFile(coordinates, hashlib.sha256(body).hexdigest(), len(body))

    def fetch(self, file: PinnedFile, target: Path, advance: Advance) -> None:
        self.asked.append(file.coordinates)
        target.write_bytes(self.content[file.coordinates])
        advance(file.size)


def test_jars_are_fetched_once_and_found_afterwards() -> None:
    repository = Repository(one=_jar(), two=_jar(b"two"))
    folder = installed(repository.distribution(), fetch=repository.fetch)
    again = installed(repository.distribution(), fetch=repository.fetch)
    assert folder == again
    assert sorted(file.name for file in folder.iterdir()) == ["one-1.jar", "two-1.jar"]
    assert len(repository.asked) == 2


def test_a_jar_with_a_tar_inside_is_unpacked_with_its_modes() -> None:
    repository = Repository(server=_jar(tar={"bin/postgres": b"binary"}))
    folder = installed(repository.distribution(), fetch=repository.fetch)
    assert (folder / "bin" / "postgres").read_bytes() == b"binary"
    assert (folder / "bin" / "postgres").stat().st_mode & 0o111


def test_a_wrong_digest_leaves_nothing_and_says_what_to_do(cache: Path) -> None:
    repository = Repository(one=_jar(), two=_jar(b"two"))
    pinned = repository.distribution()
    repository.content["vn.test:two:1"] = b"something else"
    with pytest.raises(LocalError, match=r"vn\.test:two:1 has the wrong SHA-256(.|\n)*next: run"):
        installed(pinned, fetch=repository.fetch)
    assert not list(cache.rglob("two-1*"))
    assert not (cache / "made-up").exists()


def test_what_was_verified_before_a_failure_is_not_fetched_again() -> None:
    repository = Repository(one=_jar(), two=_jar(b"two"))
    pinned, right = repository.distribution(), repository.content["vn.test:two:1"]
    repository.content["vn.test:two:1"] = b"something else"
    with pytest.raises(LocalError):
        installed(pinned, fetch=repository.fetch)
    repository.content["vn.test:two:1"] = right
    installed(pinned, fetch=repository.fetch)
    assert sorted(repository.asked) == ["vn.test:one:1", "vn.test:two:1", "vn.test:two:1"]


def test_several_starts_at_once_download_once() -> None:
    repository = Repository(one=_jar())
    pinned = repository.distribution()
    with ThreadPoolExecutor(4) as pool:
        starts = [pool.submit(installed, pinned, fetch=repository.fetch) for _ in range(4)]
    assert len({start.result() for start in starts}) == 1
    assert len(repository.asked) == 1


def test_a_failed_download_says_what_failed_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "jgo.conf"
    mirror.write_text("[repositories]\ncentral = http://127.0.0.1:1/nobody\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(mirror))
    file = PinnedFile("vn.test:one:1", "0" * 64, 1)
    with pytest.raises(
        LocalError, match=r"download of vn\.test:one:1 failed(.|\n)*\[repositories\]"
    ):
        fetch_with_jgo(file, tmp_path / "one.part", lambda _: None)


def test_an_unwritable_cache_is_told_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MOTCUA_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(LocalError, match=r"cannot write to .*file/cache"):
        installed(Repository(one=_jar()).distribution())


def test_root_is_told_which_folder_is_closed_to_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("MOTCUA_CACHE", str(closed / "cache"))
    monkeypatch.setattr("motcua_local.downloads.is_root", lambda: True)
    repository = Repository(one=_jar())
    with pytest.raises(LocalError, match=r"cannot pass /(.|\n)*chmod o\+x"):
        installed(repository.distribution(), fetch=repository.fetch)


def test_everything_is_pinned_and_the_broker_matches_its_client() -> None:
    kafka, server = kafka_distribution(), postgres_distribution()
    assert len(kafka.files) == 46
    names = {file.name for file in kafka.files}
    assert {"kafka_2.13-4.3.1.jar", "kafka-clients-4.3.1.jar"} <= names
    assert all(len(file.sha256) == 64 for file in (*kafka.files, *server.files))


def _jar(text: bytes = b"", *, tar: dict[str, bytes] | None = None) -> bytes:
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("text", text)
        if tar is not None:
            archive.writestr("content.txz", _txz(tar))
    return jar.getvalue()


def _txz(content: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as tar:
        for name, body in content.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(body), 0o755
            tar.addfile(member, io.BytesIO(body))
    return packed.getvalue()
