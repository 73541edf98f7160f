"""The engines' files: fetched once per user, accepted by digest, unpacked whole or not at all."""

import hashlib
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import requests
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from motcua_local.errors import LocalError
from motcua_local.folders import (
    cache_folder,
    first_closed_parent,
    is_root,
    locked,
    make_folder,
    unwritable,
)
from motcua_local.pins import Distribution, PinnedFile

Advance = Callable[[int], None]
Fetch = Callable[[PinnedFile, Path, Advance], None]


def installed(distribution: Distribution, *, fetch: Fetch | None = None) -> Path:
    """The folder of an unpacked engine, downloaded now if this user does not have it yet.

    PostgreSQL's folder holds `bin lib share`, Kafka's its jars. Safe to call from several
    processes at once: one downloads, the others wait for it.
    """
    target = cache_folder() / _folder_name(distribution)
    if not target.is_dir():
        with locked(cache_folder() / "lock"):
            if not target.is_dir():
                _install(distribution, target, fetch or fetch_with_jgo)
    closed = first_closed_parent(target) if is_root() else None
    if closed:
        raise LocalError(
            f"PostgreSQL cannot run as root, and its unprivileged user cannot pass {closed}",
            next_step=f"open it (chmod o+x '{closed}'), or set MOTCUA_CACHE to an open folder",
        )
    return target


def _folder_name(distribution: Distribution) -> str:
    digests = "".join(file.sha256 for file in distribution.files)
    return f"{distribution.label}-{hashlib.sha256(digests.encode()).hexdigest()[:8]}"


def _install(distribution: Distribution, target: Path, fetch: Fetch) -> None:
    downloads = make_folder(cache_folder() / "downloads")
    part = target.with_suffix(".part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        part.chmod(0o755)
        with _progress(distribution) as advance, ThreadPoolExecutor(4) as pool:
            download = partial(_download, downloads=downloads, fetch=fetch, advance=advance)
            list(pool.map(download, distribution.files))
        for file in distribution.files:
            _unpack(downloads / file.name, part)
        part.rename(target)
    except OSError as error:
        raise unwritable(target.parent, error) from error


def _download(file: PinnedFile, *, downloads: Path, fetch: Fetch, advance: Advance) -> None:
    """Bring one file into `downloads`; what an earlier, broken-off run verified is kept."""
    target = downloads / file.name
    if target.exists() and _sha256(target) == file.sha256:
        advance(file.size)
        return
    part = target.with_suffix(".part")
    fetch(file, part, advance)
    found = _sha256(part)
    if found != file.sha256:
        part.unlink()
        raise LocalError(
            f"{file.coordinates} has the wrong SHA-256: {found}, pinned is {file.sha256}; "
            "the file was thrown away",
            next_step="run it again; if it stays wrong, something between you and the package "
            "repository changes files: use another mirror or network, and do not trust this one",
        )
    part.replace(target)


def fetch_with_jgo(file: PinnedFile, target: Path, advance: Advance) -> None:
    """Download one artifact with jgo, which knows the repository and the user's mirrors."""

    @contextmanager
    def follow(_name: str, _size: int) -> Generator[Advance]:
        yield advance

    group, artifact, version = file.coordinates.split(":")
    scratch = target.with_suffix(".maven")
    shutil.rmtree(scratch, ignore_errors=True)
    repositories = {"central": MAVEN_CENTRAL_URL} | GlobalSettings.load().repositories
    maven = MavenContext(
        PythonResolver(progress_callback=follow), scratch, remote_repos=repositories, timeout=30
    )
    try:
        component = maven.project(group, artifact).at_version(version)
        component.artifact(packaging="jar").resolve().replace(target)
    except (requests.RequestException, RuntimeError) as error:
        raise LocalError(
            f"the download of {file.coordinates} failed: {error}",
            next_step="check the network and run it again (finished files are kept); behind a "
            "proxy set HTTPS_PROXY, for a mirror put it under [repositories] in ~/.config/jgo.conf",
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _unpack(jar: Path, folder: Path) -> None:
    """Kafka's jars are used as they are; PostgreSQL's holds one compressed tar."""
    with zipfile.ZipFile(jar) as archive:
        tars = [name for name in archive.namelist() if name.endswith(".txz")]
        for name in tars:
            with archive.open(name) as packed, tarfile.open(fileobj=packed, mode="r|xz") as tar:
                # Not an argument: Python before 3.11.4 does not know it.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                tar.extractall(folder)  # noqa: S202 - filtered, and pinned by digest
    if tars:
        jar.unlink()
    else:
        jar.replace(folder / jar.name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _progress(distribution: Distribution) -> Generator[Advance]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"downloading {distribution.label}", total=distribution.size)

        def advance(size: int) -> None:
            progress.advance(task, size)

        yield advance
