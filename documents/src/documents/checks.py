"""Judge a whole file before it is kept: images by their header, PDFs by a parser set apart."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from chassis.errors import Text
from documents.images import check_image
from documents.kinds import PDF, ActivePdf, DamagedFile, EncryptedPdf, FileType


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """What one check of a PDF may take; a scan of 20 MB takes about 0.3 s."""

    cpu_seconds: int = 5
    seconds: float = 15


async def check_content(path: Path, file_type: FileType, limits: PdfLimits) -> None:
    """Refuse a file that is damaged, encrypted, active or too costly to read."""
    if file_type is PDF:
        _refuse(await _verdict(path, limits))
    else:
        await asyncio.to_thread(check_image, path, file_type)


async def _verdict(path: Path, limits: PdfLimits) -> Mapping[str, object]:
    command = ("-I", "-m", "documents.pdf_check", str(path), str(limits.cpu_seconds))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(), limits.seconds)
    except TimeoutError:
        return {"verdict": "damaged"}
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode and child.returncode > 0:
        raise RuntimeError(f"the PDF check does not run here: exit code {child.returncode}")
    # Killed by a limit or by the file itself: there is no verdict, and the file is to blame.
    return cast("Mapping[str, object]", json.loads(output or '{"verdict": "damaged"}'))


def _refuse(verdict: Mapping[str, object]) -> None:
    match verdict:
        case {"verdict": "clean"}:
            return
        case {"verdict": "encrypted"}:
            raise EncryptedPdf(
                Text(
                    "Vui lòng bỏ mật khẩu của tệp PDF (in lại thành PDF mới) rồi nộp.",
                    "Please remove the password (print the file to a new PDF) and send it again.",
                )
            )
        case {"verdict": "active", "found": list(found)}:
            names = ", ".join(map(str, cast("list[object]", found)))
            raise ActivePdf(
                Text(
                    f"Tệp có {names}. Vui lòng in lại thành PDF mới rồi nộp.",
                    f"It contains {names}. Please print it to a new PDF and send that.",
                ),
                found=names.split(", "),
            )
        case _:
            raise DamagedFile(
                Text(
                    "Không đọc được tệp PDF. Vui lòng quét hoặc in lại thành PDF mới rồi nộp.",
                    "The PDF cannot be read. Please scan it again or print it to a new PDF.",
                )
            )
