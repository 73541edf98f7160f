"""The kinds of file that are taken, and why one is refused."""

from dataclasses import dataclass
from pathlib import Path

from chassis.errors import Refusal, Text, TooLarge, UnsupportedType


class FileTooLarge(
    TooLarge, vi="Tệp vượt quá dung lượng cho phép", en="The file is larger than allowed"
):
    """More bytes than the limit."""


class WrongType(
    UnsupportedType, vi="Loại tệp không được nhận", en="Files of this type are not taken"
):
    """Neither PDF, JPEG nor PNG, or not what its name says."""


class DamagedFile(Refusal, status=422, vi="Tệp bị hỏng", en="The file is damaged"):
    """It cannot be read whole."""


class EncryptedPdf(
    Refusal, status=422, vi="Tệp PDF có mật khẩu hoặc bị mã hóa", en="The PDF is encrypted"
):
    """Nobody could read it in ten years."""


class ActivePdf(
    Refusal, status=422, vi="Tệp PDF chứa nội dung hoạt động", en="The PDF has active content"
):
    """It does something when it is opened; `found` says what."""


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file."""

    media_type: str
    magic: bytes
    extensions: tuple[str, ...]


PDF = FileType("application/pdf", b"%PDF-", (".pdf",))
JPEG = FileType("image/jpeg", b"\xff\xd8\xff", (".jpg", ".jpeg"))
PNG = FileType("image/png", b"\x89PNG\r\n\x1a\n", (".png",))
FILE_TYPES = (PDF, JPEG, PNG)


def type_by_name(name: str) -> FileType:
    """The type that the extension of `name` claims."""
    extension = Path(name).suffix.lower()
    for file_type in FILE_TYPES:
        if extension in file_type.extensions:
            return file_type
    raise _not_taken()


def type_by_content(first_bytes: bytes) -> FileType:
    """The type that a file's first bytes show."""
    for file_type in FILE_TYPES:
        if first_bytes.startswith(file_type.magic):
            return file_type
    raise _not_taken()


def require_magic(file_type: FileType, first_bytes: bytes) -> None:
    """Refuse a file whose first bytes are not those of its type."""
    if not first_bytes.startswith(file_type.magic):
        kind = file_type.extensions[0].removeprefix(".").upper()
        raise WrongType(
            Text(
                f"Tên tệp ghi là {kind} nhưng nội dung không phải. Vui lòng lưu lại đúng loại.",
                f"The name says {kind} but the content is not. Please save it as what it is.",
            )
        )


def _not_taken() -> WrongType:
    return WrongType(
        Text(
            "Chỉ nhận tệp PDF, JPG, JPEG hoặc PNG. Vui lòng chuyển sang một trong các loại này.",
            "Only PDF, JPG, JPEG and PNG files are taken. Please convert the file to one of these.",
        )
    )
