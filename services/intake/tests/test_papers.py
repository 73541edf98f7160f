from datetime import date

from intake.catalogue import load_catalogue
from intake.papers import HandedPaper, paper_errors, result_errors, supplement_errors, wanted_errors

COMPANY = load_catalogue().in_force("2.001583", on=date(2026, 11, 25))
PDF, PNG = "application/pdf", "image/png"


def test_all_required_papers_of_the_right_type_are_enough() -> None:
    handed = [HandedPaper("charter", PDF), HandedPaper("owner-identity", PNG)]
    assert paper_errors(COMPANY, handed) == []


def test_a_missing_paper_is_named_as_the_citizen_knows_it() -> None:
    [error] = paper_errors(COMPANY, [HandedPaper("owner-identity", PDF)])
    assert error["vi"] == "Thiếu giấy tờ: Điều lệ công ty."
    assert error["en"] == "A paper is missing: Charter of the company."


def test_an_unknown_kind_and_a_type_not_taken_are_named_by_their_place() -> None:
    handed = [
        HandedPaper("charter", PNG),
        HandedPaper("owner-identity", PDF),
        HandedPaper("horoscope", PDF),
    ]
    wrong_type, wrong_kind = paper_errors(COMPANY, handed)
    assert wrong_type["field"] == "papers.0.fileId"
    assert wrong_type["vi"] == "Điều lệ công ty: chỉ nhận tệp PDF."
    assert wrong_kind["field"] == "papers.2.kind"


def test_a_supplement_brings_all_wanted_papers_and_may_bring_more() -> None:
    wanted = ["office-lease", "charter"]
    lease, charter = HandedPaper("office-lease", PDF), HandedPaper("charter", PDF)
    [error] = supplement_errors(COMPANY, wanted, [lease])
    assert error["vi"] == "Thiếu giấy tờ: Điều lệ công ty."
    extra = HandedPaper("power-of-attorney", PDF)
    assert supplement_errors(COMPANY, wanted, [lease, charter, extra]) == []


def test_a_result_is_of_the_kinds_that_the_procedure_gives() -> None:
    assert result_errors(COMPANY, [HandedPaper("business-registration-certificate", PDF)]) == []
    assert result_errors(COMPANY, [HandedPaper("charter", PDF)])


def test_only_papers_of_the_procedure_can_be_asked_for() -> None:
    assert wanted_errors(COMPANY, ["charter", "office-lease"]) == []
    [error] = wanted_errors(COMPANY, ["charter", "horoscope"])
    assert error["field"] == "papersWanted.1"
