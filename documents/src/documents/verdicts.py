"""What a verdict means for whoever sent the file: a refusal that says what to do."""

from typing import cast

from chassis.errors import Text
from documents.confined import Verdict
from documents.kinds import ActivePdf, DamagedFile, EncryptedPdf


def require_clean(verdict: Verdict) -> int:
    """The number of pages. Raises `EncryptedPdf`, `ActivePdf` or `DamagedFile`."""
    match verdict:
        case {"verdict": "clean", "pages": int(pages)}:
            return pages
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
