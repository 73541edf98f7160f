"""What somebody may make of a certified copy, each by name; and files flipped bit by bit."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import cast

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

_NAME = generic.pdf_name


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _continued(content: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """With an incremental update: what was signed is still there, byte for byte."""
    writer, output = IncrementalPdfFileWriter(BytesIO(content)), BytesIO()
    change(writer)
    writer.write(output)
    return output.getvalue()


def pages_swapped(content: bytes) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        pages = writer.root["/Pages"]
        kids = pages["/Kids"]
        kids[0], kids[1] = kids.raw_get(1), kids.raw_get(0)
        writer.update_container(pages)

    return _continued(content, change)


def page_replaced(content: bytes) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        stream = generic.StreamObject(stream_data=b"1 0 0 rg 0 0 612 792 re f")
        page["/Contents"] = writer.add_object(stream)
        writer.update_container(page)

    return _continued(content, change)


def script_added(content: bytes) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        script = generic.DictionaryObject(
            {
                _NAME("/S"): _NAME("/JavaScript"),
                _NAME("/JS"): generic.TextStringObject("app.alert(1)"),
            }
        )
        writer.root[_NAME("/OpenAction")] = writer.add_object(script)
        writer.update_root()

    return _continued(content, change)


def note_added(content: bytes) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        rectangle = generic.ArrayObject(map(generic.NumberObject, (0, 0, 600, 700)))
        note = generic.DictionaryObject(
            {
                _NAME("/Type"): _NAME("/Annot"),
                _NAME("/Subtype"): _NAME("/FreeText"),
                _NAME("/Rect"): rectangle,
                _NAME("/Contents"): generic.TextStringObject("Xếp loại: Xuất sắc"),
            }
        )
        page[_NAME("/Annots")] = generic.ArrayObject([writer.add_object(note)])
        writer.update_container(page)

    return _continued(content, change)


def trailing_bytes(content: bytes) -> bytes:
    return content + b"\n% nothing to see here\n"


def one_byte_more(content: bytes) -> bytes:
    return content + b"\n"


def second_signature_removed(content: bytes) -> bytes:
    """The file as it was after the person signed, before the seal did."""
    person = PdfFileReader(BytesIO(content)).embedded_regular_signatures[0]
    _, _, start, length = cast("Sequence[int]", person.byte_range)
    return content[: start + length]


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def saved_anew(content: bytes) -> bytes:
    """As other software saves it: nothing signed is where it was."""
    output = BytesIO()
    with pikepdf.open(BytesIO(content)) as pdf:
        pdf.save(output, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return output.getvalue()


def encrypted(content: bytes) -> bytes:
    output = BytesIO()
    with pikepdf.open(BytesIO(content)) as pdf:
        pdf.save(output, encryption=pikepdf.Encryption(owner="o", user="u"))
    return output.getvalue()


FORGERIES: Mapping[str, Callable[[bytes], bytes]] = {
    forge.__name__: forge
    for forge in (
        pages_swapped,
        page_replaced,
        script_added,
        note_added,
        trailing_bytes,
        one_byte_more,
        second_signature_removed,
        cut,
        saved_anew,
        encrypted,
    )
}
