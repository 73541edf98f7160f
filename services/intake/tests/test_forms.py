import unicodedata

import pytest

from intake.forms import MOST_ERRORS, Form, Schema, normalised, schema_problems


def labelled(vi: str, en: str, **keywords: object) -> dict[str, object]:
    return {"x-label": {"vi": vi, "en": en}, **keywords}


SCHEMA: Schema = {  # pyright: ignore[reportAssignmentType] - built from parts
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "citizenId": labelled(
            "Số định danh cá nhân",
            "Personal identification number",
            type="string",
            pattern="^[0-9]{12}$",
            **{"x-message": {"vi": "phải gồm 12 chữ số", "en": "must be 12 digits"}},
        )
    },
    "required": ["fullName", "birthDate"],
    "properties": {
        "fullName": labelled("Họ và tên", "Full name", type="string", minLength=1, maxLength=100),
        "birthDate": labelled("Ngày sinh", "Date of birth", type="string", format="date"),
        "email": labelled("Thư điện tử", "E-mail", type="string", format="email"),
        "citizenId": {"$ref": "#/$defs/citizenId"},
        "kind": labelled(
            "Loại phiếu",
            "Kind of certificate",
            enum=["1", "2"],
            **{
                "x-options": {
                    "1": {"vi": "Phiếu số 1", "en": "No. 1"},
                    "2": {"vi": "Phiếu số 2", "en": "No. 2"},
                }
            },
        ),
        "copies": labelled("Số bản", "Copies", type="integer", minimum=1, maximum=5),
        "capital": labelled(
            "Vốn điều lệ", "Charter capital", type="integer", minimum=1_000_000, multipleOf=1000
        ),
        "code": labelled("Mã ngành", "Industry code", type="string", pattern="^[0-9]{4}$"),
        "agreed": labelled("Cam đoan", "Declaration", const=True),
        "homes": labelled(
            "Nơi cư trú",
            "Residence",
            type="array",
            minItems=1,
            maxItems=2,
            uniqueItems=True,
            items={
                "type": "object",
                "required": ["address"],
                "properties": {
                    "address": labelled("Địa chỉ", "Address", type="string", minLength=5)
                },
            },
        ),
        "reason": labelled("Lý do", "Reason", type="string"),
    },
    "if": {"properties": {"kind": {"const": "2"}}, "required": ["kind"]},
    "then": {"required": ["reason"]},
    "additionalProperties": False,
}
FORM = Form(SCHEMA)
GOOD = {"fullName": "Nguyễn Thị Đào", "birthDate": "1990-05-21"}


def test_good_content_has_no_errors() -> None:
    assert FORM.errors({**GOOD, "kind": "2", "reason": "Đi làm"}) == []


WRONG: list[tuple[dict[str, object], str, str, str]] = [
    ({"birthDate": ...}, "birthDate", "Ngày sinh: chưa điền.", "Date of birth: is missing."),
    ({"fullName": ""}, "fullName", "Họ và tên: chưa điền.", "Full name: is empty."),
    (
        {"fullName": "a" * 101},
        "fullName",
        "Họ và tên: không được quá 100 ký tự.",
        "Full name: must have at most 100 characters.",
    ),
    ({"fullName": 5}, "fullName", "Họ và tên: phải là chữ.", "Full name: must be text."),
    (
        {"birthDate": "1990-02-30"},
        "birthDate",
        "Ngày sinh: phải là một ngày có thật, viết theo năm-tháng-ngày, ví dụ 1990-05-21.",
        "Date of birth: must be a day that exists, as year-month-day, e.g. 1990-05-21.",
    ),
    (
        {"email": "dao"},
        "email",
        "Thư điện tử: không phải địa chỉ thư điện tử hợp lệ, ví dụ ten@example.vn.",
        "E-mail: is not a valid e-mail address, e.g. name@example.vn.",
    ),
    (
        {"citizenId": "0361"},
        "citizenId",
        "Số định danh cá nhân: phải gồm 12 chữ số.",
        "Personal identification number: must be 12 digits.",
    ),
    (
        {"code": "x"},
        "code",
        "Mã ngành: không đúng định dạng.",
        "Industry code: does not have the right form.",
    ),
    (
        {"kind": "3"},
        "kind",
        "Loại phiếu: phải chọn một trong: Phiếu số 1; Phiếu số 2.",
        "Kind of certificate: must be one of: No. 1; No. 2.",
    ),
    ({"copies": 0}, "copies", "Số bản: không được nhỏ hơn 1.", "Copies: must be at least 1."),
    ({"copies": 6}, "copies", "Số bản: không được lớn hơn 5.", "Copies: must be at most 5."),
    (
        {"copies": "2"},
        "copies",
        "Số bản: phải là số nguyên.",
        "Copies: must be a whole number.",
    ),
    (
        {"capital": 1000},
        "capital",
        "Vốn điều lệ: không được nhỏ hơn 1.000.000.",
        "Charter capital: must be at least 1,000,000.",
    ),
    (
        {"capital": 1_000_001},
        "capital",
        "Vốn điều lệ: phải là bội số của 1.000.",
        "Charter capital: must be a multiple of 1,000.",
    ),
    (
        {"agreed": False},
        "agreed",
        "Cam đoan: phải được đánh dấu đồng ý.",
        "Declaration: must be agreed to.",
    ),
    ({"homes": []}, "homes", "Nơi cư trú: chưa điền.", "Residence: is empty."),
    (
        {"homes": [{"address": "12 Lê Lợi"}] * 2},
        "homes",
        "Nơi cư trú: có mục bị trùng lặp.",
        "Residence: has an entry twice.",
    ),
    (
        {"homes": [{"address": "12 Lê Lợi"}, {"address": "x"}]},
        "homes.1.address",
        "Địa chỉ (2): phải có ít nhất 5 ký tự.",
        "Address (2): must have at least 5 characters.",
    ),
    (
        {"homes": [{}]},
        "homes.0.address",
        "Địa chỉ (1): chưa điền.",
        "Address (1): is missing.",
    ),
    ({"kind": "2"}, "reason", "Lý do: chưa điền.", "Reason: is missing."),
    (
        {"job": "x"},
        "job",
        "Biểu mẫu: biểu mẫu không có mục này.",
        "The form: the form has no such field.",
    ),
]


@pytest.mark.parametrize(("change", "field", "vi", "en"), WRONG)
def test_a_wrong_field_is_named_with_its_label_and_why_in_both_languages(
    change: dict[str, object], field: str, vi: str, en: str
) -> None:
    content = {name: value for name, value in {**GOOD, **change}.items() if value is not ...}
    assert FORM.errors(content) == [{"field": f"form.{field}", "vi": vi, "en": en}]  # pyright: ignore[reportArgumentType]


def test_every_wrong_field_is_named_at_once() -> None:
    fields = [error["field"] for error in FORM.errors({"copies": 9, "job": 1})]
    assert sorted(fields) == ["form.birthDate", "form.copies", "form.fullName", "form.job"]


def test_content_that_is_not_a_form_at_all_is_refused() -> None:
    assert FORM.errors(["x"]) == [
        {
            "field": "form",
            "vi": "Biểu mẫu: phải là một nhóm mục.",
            "en": "The form: must be a group of fields.",
        }
    ]


def test_messages_never_repeat_what_was_typed() -> None:
    secret = "036190001234x"
    errors = FORM.errors({**GOOD, "citizenId": secret, "email": secret, "copies": secret})
    assert len(errors) == 3
    assert secret not in str(errors)


def test_a_flood_of_errors_is_cut_off() -> None:
    assert len(FORM.errors({f"unknown{n}": 1 for n in range(1000)})) == MOST_ERRORS


def test_text_typed_with_separate_accents_becomes_one_form() -> None:
    typed = unicodedata.normalize("NFD", "Nguyễn Thị Đào")
    assert normalised({"a": [typed, 1]}) == {"a": ["Nguyễn Thị Đào", 1]}


def test_a_sound_schema_has_no_problems() -> None:
    assert schema_problems(SCHEMA) == []


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "objekt"}, "is not a usable JSON Schema 2020-12"),
        ({"properties": {"a": {"$ref": "#/$defs/none"}}}, "is not a usable JSON Schema"),
        ({"properties": {"a": {"$ref": "https://example.vn/x"}}}, "is not a usable JSON Schema"),
        ({"properties": {"a": labelled("a", "a", pattern="(")}}, "is not a usable JSON Schema"),
        ({"properties": {"a": {"type": "string"}}}, "properties/a: add x-label with vi and en"),
        (
            {"properties": {"a": labelled("a", "a", oneOf=[])}},
            "is not a usable JSON Schema",
        ),
        (
            {"properties": {"a": labelled("a", "a", contains={})}},
            "properties/a/: there are no words for the keyword 'contains'",
        ),
        ({"titel": "x"}, "root: there are no words for the keyword 'titel'"),
        ({"properties": {"a": labelled("a", "a", format="no-such")}}, "is not a usable"),
    ],
)
def test_a_schema_we_could_not_explain_to_a_citizen_is_refused(
    schema: Schema, problem: str
) -> None:
    assert any(problem in found for found in schema_problems(schema))
