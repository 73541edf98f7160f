"""What a verdict means for whoever sent the file: a refusal that says what to do."""

from typing import cast

from chassis.errors import Problem, Text
from documents.confined import Verdict
from documents.images import damaged_image
from documents.kinds import ActivePdf, DamagedFile, EncryptedPdf, FileTooLarge

_TOO_LARGE = {
    "pages": Text(
        "Tài liệu có quá nhiều trang. Vui lòng tách thành nhiều tệp.",
        "The document has too many pages. Please split it.",
    ),
    "page": Text(
        "Có trang quá khổ. Vui lòng in lại thành PDF khổ nhỏ hơn.",
        "A page is too long or too wide. Please print the document to smaller paper.",
    ),
    "pixels": Text(
        "Có ảnh với quá nhiều điểm. Vui lòng giảm độ phân giải.",
        "An image has too many pixels. Please reduce the resolution.",
    ),
    "unpacked": Text(
        "Tài liệu bung ra quá lớn. Vui lòng quét hoặc in lại thành PDF mới rồi nộp.",
        "Unpacked, the document is too large. Please scan it again or print it to a new PDF.",
    ),
    "drawings": Text(
        "Nội dung trang lồng nhau quá nhiều lần. Vui lòng in lại thành PDF mới rồi nộp.",
        "A page draws too much. Please print the document to a new PDF.",
    ),
    "bytes": Text(
        "Tài liệu có dung lượng quá lớn. Vui lòng giảm dung lượng hoặc tách ra.",
        "The document has too many bytes. Please make it smaller or split it.",
    ),
}


def require_clean(verdict: Verdict) -> int:
    """The number of pages. Raises the refusal that the verdict stands for."""
    match verdict:
        case {"verdict": "clean", "pages": int(pages)}:
            return pages
        case _:
            raise _refusal(verdict)


def _refusal(verdict: Verdict) -> Problem:
    match verdict:
        case {"verdict": "encrypted"}:
            return EncryptedPdf(
                Text(
                    "Vui lòng bỏ mật khẩu của tệp PDF (in lại thành PDF mới) rồi nộp.",
                    "Please remove the password (print the file to a new PDF) and send it again.",
                )
            )
        case {"verdict": "active", "found": list(found)}:
            names = ", ".join(map(str, cast("list[object]", found)))
            return ActivePdf(
                Text(
                    f"Tệp có {names}. Vui lòng in lại thành PDF mới rồi nộp.",
                    f"It contains {names}. Please print it to a new PDF and send that.",
                ),
                found=names.split(", "),
            )
        case {"verdict": "large", "what": str(what), "most": int(most)}:
            return FileTooLarge(_TOO_LARGE.get(what), what=what, most=most)
        case {"verdict": "damaged", "what": "image"}:
            return damaged_image()
        case _:
            return DamagedFile(
                Text(
                    "Không đọc được tệp PDF. Vui lòng quét hoặc in lại thành PDF mới rồi nộp.",
                    "The PDF cannot be read. Please scan it again or print it to a new PDF.",
                )
            )
