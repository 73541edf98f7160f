"""The result paper is a real PDF, and goes to intake with the agency's own token."""

import hashlib

import pikepdf
import pytest

from agency.result import PAPER, Intake


def test_the_paper_is_a_sound_pdf_of_one_page() -> None:
    with pikepdf.open(PAPER) as pdf:
        assert len(pdf.pages) == 1
        assert pdf.check_pdf_syntax() == []


def test_the_paper_is_uploaded_with_a_token_of_the_agencys_own_client(outside: str) -> None:
    intake = Intake(outside, outside, "agency-H42.10", "secret")

    file = intake.upload("H42.10/1", kind="certificate")

    assert file.sha256 == hashlib.sha256(PAPER.read_bytes()).hexdigest()


def test_a_refused_client_is_an_oserror_so_that_the_desk_waits(outside: str) -> None:
    intake = Intake(outside, outside, "agency-H42.10", "wrong")

    with pytest.raises(OSError, match="401"):
        intake.upload("H42.10/1", kind="certificate")
