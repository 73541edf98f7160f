"""The file in a form that a browser sends (RFC 7578), as it comes: nothing of it is kept here."""

from collections.abc import AsyncIterator, Sequence

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from certification.check_uploads import no_file

FIELD = b"tep"


async def file_in_form(request: Request) -> AsyncIterator[bytes]:
    """The chunks of the first file of that field. What is not a form has none. The body is read to
    its end. Raises `NoFile` where a form makes no sense.
    """
    kind, options = parse_options_header(request.headers.get("Content-Type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        return
    try:
        form = _Form(boundary)
        async for chunk in request.stream():
            for part in form.read(chunk):
                yield part
    except FormParserError:
        raise no_file() from None


class _Form:
    def __init__(self, boundary: bytes) -> None:
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._name_header,
                "on_header_value": self._fill_header,
                "on_header_end": self._end_header,
                "on_part_data": self._take,
                "on_part_end": self._end,
            },
        )
        self._header = self._told = b""
        self._wanted = self._found = False
        self._parts: list[bytes] = []

    def read(self, chunk: bytes) -> Sequence[bytes]:
        """What of the file lies in `chunk`."""
        self._parts = []
        self._parser.write(chunk)
        return self._parts

    def _begin(self) -> None:
        self._header = self._told = b""

    def _name_header(self, content: bytes, start: int, end: int) -> None:
        self._header += content[start:end]

    def _fill_header(self, content: bytes, start: int, end: int) -> None:
        self._told += content[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition" and not self._found:
            _, options = parse_options_header(self._told)
            self._wanted = options.get(b"name") == FIELD and b"filename" in options
        self._header = self._told = b""

    def _take(self, content: bytes, start: int, end: int) -> None:
        if self._wanted:
            self._parts.append(content[start:end])

    def _end(self) -> None:
        self._found |= self._wanted
        self._wanted = False
