import asyncio
import errno
import hashlib
import os
import sys
import time
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from chassis.errors import Problem
from documents.confined import Limits
from documents.kinds import (
    ActivePdf,
    DamagedFile,
    EncryptedPdf,
    FileTooLarge,
    WrongType,
)
from documents.store import FileStore, StorageFull, UnusableFolder
from documents.testing import jpeg, pdf, png

MEGABYTE = 1024 * 1024


async def chunks(content: bytes, size: int = 7_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def open_store(folder: Path, most_bytes: int = MEGABYTE) -> FileStore:
    return FileStore.open(folder, most_bytes=most_bytes)


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("Điều lệ công ty.pdf", pdf(), "application/pdf"),
        ("CCCD.JPG", jpeg(), "image/jpeg"),
        ("phone.jpeg", jpeg(trailer=b"SEFT" * 100), "image/jpeg"),
        ("scan.png", png(), "image/png"),
    ],
)
async def test_a_good_file_lies_under_its_digest_and_nothing_else_is_left(
    tmp_path: Path, name: str, content: bytes, media_type: str
) -> None:
    store = open_store(tmp_path)
    stored = await store.store(name, chunks(content))
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert (stored.size, stored.media_type) == (len(content), media_type)
    assert store.path(stored.sha256).read_bytes() == content
    assert left_in(tmp_path) == [store.path(stored.sha256)]


async def test_the_same_content_twice_is_kept_once(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    twice = await asyncio.gather(*(store.store("a.pdf", chunks(pdf())) for _ in range(2)))
    assert twice[0].sha256 == twice[1].sha256
    assert len(left_in(tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        ("virus.exe", b"MZ", WrongType, "Chỉ nhận tệp PDF, JPG, JPEG hoặc PNG"),
        ("noextension", pdf(), WrongType, "Chỉ nhận tệp PDF"),
        ("really.pdf", jpeg(), WrongType, "Tên tệp ghi là PDF nhưng nội dung không phải"),
        ("really.png", pdf(), WrongType, "Tên tệp ghi là PNG"),
        ("empty.pdf", b"", WrongType, "Tên tệp ghi là PDF"),
        ("big.png", png() + bytes(MEGABYTE), FileTooLarge, "Tệp lớn hơn 1 MB"),
        ("cut.pdf", pdf()[:200], DamagedFile, "Vui lòng quét hoặc in lại"),
        ("cut.png", png()[:40], DamagedFile, "Không đọc được ảnh"),
        ("cut.jpg", jpeg()[:4200], DamagedFile, "Không đọc được ảnh"),
        ("flat.png", png(0, 600), DamagedFile, "Không đọc được ảnh"),
        ("flood.png", png(50_000, 50_000), FileTooLarge, "50000 x 50000 điểm"),
        ("flood.jpg", jpeg(65_000, 65_000), FileTooLarge, "giảm độ phân giải"),
        (
            "locked.pdf",
            pdf(encryption=pikepdf.Encryption(owner="x", user="y")),
            EncryptedPdf,
            "bỏ mật khẩu",
        ),
    ],
)
async def test_a_file_that_is_refused_says_what_to_do_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, error: type[Problem], says: str
) -> None:
    with pytest.raises(error) as caught:
        await open_store(tmp_path).store(name, chunks(content))
    assert says in caught.value.detail.vi
    assert left_in(tmp_path) == []


async def test_an_active_pdf_is_refused_by_what_it_contains(tmp_path: Path) -> None:
    paper, content = pikepdf.Pdf.new(), BytesIO()
    paper.add_blank_page()
    script = pikepdf.String("app.alert('xin chào')")
    paper.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=script)
    paper.save(content)
    with pytest.raises(ActivePdf) as caught:
        await open_store(tmp_path).store("a.pdf", chunks(content.getvalue()))
    assert caught.value.members == {"found": ["JavaScript", "OpenAction"]}
    assert "in lại thành PDF mới" in caught.value.detail.vi


async def test_a_flood_of_bytes_is_cut_off_without_reading_on(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield png()
        while True:
            sent += 64 * 1024
            yield bytes(64 * 1024)

    with pytest.raises(FileTooLarge):
        await open_store(tmp_path).store("endless.png", endless())
    assert sent < 2 * MEGABYTE


async def test_a_pdf_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    limits = Limits(seconds=0.01)
    store = FileStore.open(tmp_path, most_bytes=MEGABYTE, pdf_limits=limits)
    with pytest.raises(DamagedFile):
        await store.store("slow.pdf", chunks(pdf()))
    assert left_in(tmp_path) == []


async def test_a_pdf_that_unpacks_without_end_dies_by_its_processor_limit(tmp_path: Path) -> None:
    paper, content = pikepdf.Pdf.new(), BytesIO()
    page = paper.add_blank_page()
    packed = zlib.compress(bytes(40 * MEGABYTE))
    for n in range(100):
        bomb = pikepdf.Stream(paper, packed, Filter=pikepdf.Name.FlateDecode)
        page.obj[f"/Bomb{n}"] = bomb
    paper.save(content)
    limits = Limits(cpu_seconds=1)
    store = FileStore.open(tmp_path, most_bytes=64 * MEGABYTE, pdf_limits=limits)
    with pytest.raises(DamagedFile):
        await store.store("bomb.pdf", chunks(content.getvalue()))


async def test_a_sender_who_goes_away_leaves_nothing(tmp_path: Path) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield pdf()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await open_store(tmp_path).store("a.pdf", cut())
    assert left_in(tmp_path) == []


async def test_a_cancelled_upload_leaves_nothing(tmp_path: Path) -> None:
    started = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"%PDF-" + bytes(300_000)
        started.set()
        await asyncio.Event().wait()

    upload = asyncio.create_task(open_store(tmp_path).store("a.pdf", stuck()))
    await asyncio.wait_for(started.wait(), 5)
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert left_in(tmp_path) == []


async def test_a_crash_before_the_rename_leaves_only_a_file_that_the_sweep_removes(
    tmp_path: Path,
) -> None:
    script = """
import asyncio, sys
from pathlib import Path
from documents.store import FileStore
async def chunks():
    yield Path(sys.argv[2]).read_bytes()
asyncio.run(FileStore.open(Path(sys.argv[1]), most_bytes=10**6).store("a.pdf", chunks()))
"""
    source = tmp_path / "source.pdf"
    source.write_bytes(pdf())
    folder = tmp_path / "files"
    environment = {**os.environ, "MOTCUA_FAILPOINTS": "documents.before-rename=crash"}
    command = (sys.executable, "-c", script, str(folder), str(source))
    upload = await asyncio.create_subprocess_exec(*command, env=environment)
    assert await upload.wait() == -9

    store = open_store(folder)
    [left] = left_in(folder)
    assert left.parent.name == "incoming"
    assert store.sweep(older_than=timedelta(minutes=10)) == 0
    assert store.sweep(older_than=timedelta(0)) == 1
    assert left_in(folder) == []


async def test_a_full_disk_is_a_507_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("documents.store._append", full)
    with pytest.raises(StorageFull) as caught:
        await open_store(tmp_path).store("a.pdf", chunks(pdf()))
    assert caught.value.status == 507
    assert left_in(tmp_path) == []


def test_a_folder_that_cannot_be_used_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UnusableFolder, match="name another"):
        open_store(tmp_path / "taken")


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "g" * 64])
def test_no_path_is_made_from_anything_but_a_digest(tmp_path: Path, digest: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        open_store(tmp_path).path(digest)


async def test_the_check_of_a_scanned_pdf_is_fast(tmp_path: Path) -> None:
    paper, content = pikepdf.Pdf.new(), BytesIO()
    for _ in range(30):
        page = paper.add_blank_page()
        page.Contents = pikepdf.Stream(paper, b"BT ET\n" * 2000)
        page.obj[pikepdf.Name.Scan] = pikepdf.Stream(paper, os.urandom(200_000))
    paper.save(content)
    store = open_store(tmp_path, most_bytes=20 * MEGABYTE)
    took: list[float] = []
    for _ in range(3):
        started = time.monotonic()
        await store.store("scan.pdf", chunks(content.getvalue(), 65_536))
        took.append(time.monotonic() - started)
    # 0.3 s is usual; ten times that is the machine's load, more is ours.
    assert min(took) < 3.0
