"""Letters: Vietnamese ones above all."""

import unicodedata

import pytest

from certification.lettering import Face, bold, regular

VOWELS = "aăâeêioôơuưy"
MARKS = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
LETTERS = [unicodedata.normalize("NFC", vowel + mark) for vowel in VOWELS for mark in MARKS]
ALL = "".join(LETTERS) + "đ"


@pytest.fixture(params=[regular, bold], ids=["regular", "bold"])
def face(request: pytest.FixtureRequest) -> Face:
    return request.param()


def test_every_vietnamese_letter_is_there(face: Face):
    wanted = ALL + ALL.upper() + "0123456789 .,:;-–()/+&'\"₫"
    assert [letter for letter in wanted if ord(letter) not in face.glyphs] == []


def test_decomposed_text_is_the_same_text(face: Face):
    text = "Nguyễn Thị Bích Đào"
    assert face.codes(unicodedata.normalize("NFD", text)) == face.codes(text)


def test_a_letter_that_is_not_there_loses_its_marks(face: Face):
    assert face.codes("Ǹ") == face.codes("N")
    assert face.codes("你") == face.codes("?")


def test_a_font_is_small(face: Face):
    assert len(face.program) < 30_000


def test_lines_fit_and_are_about_equally_long(face: Face):
    text = "Ủy ban nhân dân phường Hồng Bàng, thành phố Hải Phòng"
    lines = face.lines(text, 11, 200)
    assert " ".join(lines) == text
    widths = [face.width(line, 11) for line in lines]
    assert len(lines) == 2
    assert max(widths) <= 200
    assert max(widths) - min(widths) < 60


def test_a_word_that_is_too_wide_stands_alone(face: Face):
    assert face.lines("a Quảng-Ngãi-Quảng-Ngãi b", 11, 40) == ["a", "Quảng-Ngãi-Quảng-Ngãi", "b"]


def test_no_text_is_no_line(face: Face):
    assert face.lines(" ", 11, 40) == []
