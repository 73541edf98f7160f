from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.errors import NotFound
from intake.catalogue import SHIPPED, Catalogue, UnknownProcedure, load_catalogue
from intake.procedures import ChannelClosed, ReasonUse, UnknownReason
from intake.working_calendar import VIETNAM, TimeLimit, TimeUnit, WorkingCalendar
from intake.yaml_files import UnusableFile
from motcua_contracts.types import Channel

from .samples import COMPANY_FORM, COPY_FORM, JUDICIAL_FORM

TODAY = date(2026, 11, 25)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def shipped(name: str = "2.000488-v1.yaml") -> dict[str, Any]:
    return yaml.safe_load((SHIPPED / name).read_text("utf-8"))


def write(folder: Path, file: str, /, **changes: object) -> Path:
    content = {key: value for key, value in {**shipped(), **changes}.items() if value is not ...}
    path = folder / file
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def test_the_judicial_record_certificate_is_due_in_ten_working_days_by_the_justice_department() -> (
    None
):
    procedure = load_catalogue().in_force("2.000488", on=TODAY)
    assert procedure.time_limit.time_limit == TimeLimit(10, TimeUnit.WORKING_DAYS)
    assert procedure.competent_agency == "H42.10"
    assert procedure.fees[0].amount(TODAY) == 200_000


def test_company_registration_is_due_in_three_working_days_by_the_planning_department() -> None:
    procedure = load_catalogue().in_force("2.001583", on=TODAY)
    assert procedure.time_limit.time_limit == TimeLimit(3, TimeUnit.WORKING_DAYS)
    assert procedure.competent_agency == "H42.11"
    assert {paper.kind for paper in procedure.papers if paper.required} == {
        "charter",
        "owner-identity",
    }


@pytest.mark.parametrize(
    ("code", "form"),
    [("2.000488", JUDICIAL_FORM), ("2.000815", COPY_FORM), ("2.001583", COMPANY_FORM)],
)
def test_a_well_filled_form_of_each_shipped_procedure_is_accepted(
    code: str, form: dict[str, Any]
) -> None:
    assert load_catalogue().in_force(code, on=TODAY).form.errors(form) == []


def test_certificate_no_2_cannot_be_filed_for_another_person() -> None:
    procedure = load_catalogue().in_force("2.000488", on=TODAY)
    form: dict[str, Any] = {**JUDICIAL_FORM, "recordKind": "2", "filedForAnother": True}
    [error] = procedure.form.errors(form)
    assert error["field"] == "form.filedForAnother"
    assert "không được ủy quyền" in error["vi"]


def test_the_version_in_force_on_the_day_of_filing_is_chosen(folder: Path) -> None:
    write(folder, "one.yaml")
    write(folder, "two.yaml", version=2, valid_from=date(2026, 11, 26))
    catalogue = load_catalogue(folder)
    assert catalogue.in_force("2.000488", on=TODAY).version == 1
    assert catalogue.in_force("2.000488", on=date(2026, 11, 26)).version == 2
    assert catalogue.version("2.000488", 1).version == 1


def test_before_the_first_and_after_the_last_version_there_is_no_procedure(folder: Path) -> None:
    write(folder, "one.yaml", valid_until=date(2026, 12, 31))
    catalogue = load_catalogue(folder)
    for day in (date(2024, 12, 31), date(2027, 1, 1)):
        with pytest.raises(UnknownProcedure):
            catalogue.in_force("2.000488", on=day)
        assert list(catalogue.all_in_force(on=day)) == []


def test_an_unknown_procedure_or_version_is_not_found() -> None:
    catalogue = load_catalogue()
    with pytest.raises(NotFound, match="does not exist or is not in force on 2026-11-25"):
        catalogue.in_force("9.999999", on=TODAY)
    with pytest.raises(NotFound, match="must be kept"):
        catalogue.version("2.000488", 99)


def test_every_shipped_procedure_can_be_filed_today() -> None:
    codes = [procedure.code for procedure in load_catalogue().all_in_force(on=TODAY)]
    assert codes == ["2.000488", "2.000815", "2.001583"]


def test_a_certified_copy_is_due_on_its_day_or_after_three_on_the_next() -> None:
    limit = load_catalogue().in_force("2.000815", on=TODAY).time_limit.time_limit
    due = [
        WorkingCalendar().due(datetime(2026, 11, 27, *hour, tzinfo=VIETNAM), limit)
        for hour in ((9, 0), (15, 0), (15, 1), (22, 0))
    ]
    friday, monday = (datetime(2026, 11, day, 17, tzinfo=VIETNAM) for day in (27, 30))
    assert due == [friday, friday, monday, monday]


def test_who_is_competent_without_a_system_that_decides_is_not_listened_to() -> None:
    assert load_catalogue().deciding_agencies() == {"H42.10", "H42.11"}


def test_a_reason_of_certification_that_is_not_listed_rests_on_the_general_ground() -> None:
    procedure = load_catalogue().in_force("2.000815", on=TODAY)
    listed = procedure.reason_of_certification("original-damaged", ReasonUse.STOP)
    assert listed.ground == "NĐ 23/2015/NĐ-CP, Điều 22 khoản 2"
    newer = procedure.reason_of_certification("eaten-by-the-dog", ReasonUse.REFUSAL)
    assert (newer.code, newer.ground) == ("eaten-by-the-dog", "NĐ 23/2015/NĐ-CP, Điều 9 khoản 4")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ...}, "name: is missing: add it"),
        ({"nmae": "x"}, "nmae: is not a field of this file"),
        ({"code": "488"}, "code: "),
        ({"version": 0}, "version: "),
        ({"competent_agency": "Sở Tư pháp"}, "competent_agency: "),
        ({"time_limit": {"amount": 10, "unit": "weeks"}}, "time_limit.unit: "),
        ({"time_limit": {"amount": 0, "unit": "hours", "cut_off": 900}}, "minutes in quotes"),
        ({"level": {"scheme": "L1-4", "value": "5", "since": TODAY}}, "write one of 1, 2, 3, 4"),
        ({"exemptions": [{**shipped()["exemptions"][0], "fees": ["x"]}]}, "names no fee line"),
        ({"exemptions": [{**shipped()["exemptions"][0], "proof": "x"}]}, "a proof not in papers"),
        ({"exemptions": [{**shipped()["exemptions"][0], "proof": None}]}, "one of the two"),
        ({"papers": shipped()["papers"] * 2}, "stands twice, give each its own code"),
        ({"results": []}, "results: "),
        ({"decided_by": "nobody"}, "decided_by: "),
        ({"decided_by": "certification"}, "fees: certification tells the fee, leave them out"),
        (
            {"decided_by": "certification", "fees": [], "exemptions": []},
            "reasons: add not-certified for refusal, stop",
        ),
        ({"form": {"type": "objekt"}}, "form: is not a usable JSON Schema"),
        (
            {"form": {"properties": {"a": {"type": "string"}}}},
            "properties/a: add x-label with vi and en",
        ),
    ],
)
def test_a_wrong_procedure_file_is_refused_with_file_field_and_what_to_do(
    folder: Path, changes: dict[str, object], message: str
) -> None:
    path = write(folder, "wrong.yaml", **changes)
    with pytest.raises(UnusableFile) as caught:
        load_catalogue(folder)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_amounts_out_of_order_are_refused(folder: Path) -> None:
    fee = shipped()["fees"][0]
    amounts = [{"since": date(2026, 1, 1), "amount": 1}, {"since": date(2025, 1, 1), "amount": 2}]
    write(folder, "wrong.yaml", fees=[{**fee, "amounts": amounts}])
    with pytest.raises(UnusableFile, match="put them in order of since"):
        load_catalogue(folder)


def test_two_files_of_one_version_or_of_one_day_are_refused(folder: Path) -> None:
    write(folder, "a.yaml")
    write(folder, "b.yaml")
    with pytest.raises(UnusableFile, match=r"b\.yaml: version: 2\.000488 version 1 exists"):
        load_catalogue(folder)
    write(folder, "b.yaml", version=2)
    with pytest.raises(UnusableFile, match=r"valid_from: a\.yaml starts the same day"):
        load_catalogue(folder)


def test_an_empty_folder_is_refused(folder: Path) -> None:
    with pytest.raises(UnusableFile, match="name the folder of the procedure files"):
        load_catalogue(folder)


def test_a_closed_channel_is_refused_with_its_ground(folder: Path) -> None:
    write(
        folder,
        "one.yaml",
        channels={"online_forbidden": "Luật Đất đai 2024", "no_in_person_intake": True},
    )
    procedure = load_catalogue(folder).in_force("2.000488", on=TODAY)
    procedure.require_channel(Channel.POST)
    with pytest.raises(ChannelClosed, match="Luật Đất đai 2024"):
        procedure.require_channel(Channel.ONLINE)
    with pytest.raises(ChannelClosed, match="in person"):
        procedure.require_channel(Channel.IN_PERSON)


def test_a_reason_is_only_given_for_what_it_is_meant_for() -> None:
    procedure = load_catalogue().in_force("2.000488", on=TODAY)
    assert procedure.reason("identity-unclear", ReasonUse.SUPPLEMENT).ground
    with pytest.raises(UnknownReason, match="wrong-agency, not-entitled, papers-incomplete"):
        procedure.reason("identity-unclear", ReasonUse.REFUSAL)


def test_an_empty_catalogue_knows_nothing() -> None:
    with pytest.raises(UnknownProcedure):
        Catalogue([]).in_force("2.000488", on=TODAY)
