"""Whether every reader finds the same document in a PDF's bytes.

Readers repair: where two of them would do it differently, one could show what the other does not,
and what is looked at here would not be what is seen there. So a file is refused that is something
else besides, or that a parser can read only by guessing. What programs in use do write passes:
revisions appended by signers and editors, both kinds of index side by side (Word), and some slips
that leave nothing to guess.
"""

import re

import pikepdf

_BEFORE_THE_END = re.compile(rb"%%EOF[\0\t\n\f\r ]*\Z")
_MARKUP = re.compile(rb"<\s*(!doctype|html|head|body|script|svg|iframe|img|\?xml|\?php)", re.I)
_MARKUP_LOOKED_FOR_IN = 1_024
_ZIP_END = b"PK\x05\x06"
_ZIP_END_SIZE, _ZIP_LONGEST_COMMENT = 22, 65_535

_NO_GUESS = re.compile(
    "reported number of objects .* is not one plus the highest object number"
    "|a common error handled correctly by qpdf and most other applications"
    "|Resources is missing or invalid; repairing"
    "|stream keyword followed by carriage return only"
    "|extraneous whitespace seen before xref"
    "|input stream is complete but output may still be valid"
    "|dictionary has duplicated key /(I|PageLayout|PageMode|Type);"
)
"""Of qpdf's warnings, those about what Acrobat, Chromium and old office programs write."""


def oddity(content: bytes) -> str | None:
    """What is odd about the bytes as such, if anything."""
    if not content.startswith(b"%PDF-"):
        return "it does not begin as a PDF"
    if not _BEFORE_THE_END.search(content[-1_024:]):
        return "it does not end as a PDF"
    if _MARKUP.search(content[:_MARKUP_LOOKED_FOR_IN].partition(b" obj")[0]):
        return "it begins as a web page too"
    if _ends_as_zip(content):
        return "it is an archive too"
    return None


def _ends_as_zip(content: bytes) -> bool:
    """Whether unpackers, which begin at the end, find an archive: in its comment a PDF may end."""
    tail = content[-_ZIP_END_SIZE - _ZIP_LONGEST_COMMENT :]
    start = tail.rfind(_ZIP_END)
    while start >= 0:
        comment = int.from_bytes(tail[start + 20 : start + 22], "little")
        if start + _ZIP_END_SIZE + comment == len(tail):
            return True
        start = tail.rfind(_ZIP_END, 0, start)
    return False


def is_ambiguous(path: str, pdf: pikepdf.Pdf) -> bool:
    """Whether readers that know no index in a stream find objects elsewhere than others do."""
    try:
        with pikepdf.open(path, attempt_recovery=False, ignore_xref_streams=True) as old:
            places, otherwise = _places(pdf), _places(old)
    except pikepdf.PikepdfError:  # they find nothing
        return False
    return any(places.get(number) != place for number, place in otherwise.items())


def _places(pdf: pikepdf.Pdf) -> dict[tuple[int, int], tuple[int | None, ...]]:
    """Where each object lies: at an offset, or in a stream of objects."""
    return {
        number: (place.offset,)
        if place.type == 1
        else (place.obj_stream_number, place.obj_stream_index)
        for number, place in pdf.get_xref_table().items()
    }


def guesses(pdf: pikepdf.Pdf) -> list[str]:
    """Where the parser had to guess, or left something out, in what was read so far."""
    warnings = map(str, pdf.get_warnings())
    return [warning for warning in warnings if not _NO_GUESS.search(warning)]
