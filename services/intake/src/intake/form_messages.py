"""What is wrong with a field of a form, in words for a citizen, by JSON Schema keyword."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from chassis.errors import Text

MESSAGES: Mapping[str, Text] = {
    "required": Text("chưa điền", "is missing"),
    "dependentRequired": Text("chưa điền", "is missing"),
    "type": Text("sai kiểu dữ liệu", "has the wrong type"),
    "enum": Text("phải chọn một trong: {options}", "must be one of: {options}"),
    "const": Text("phải được đánh dấu đồng ý", "must be agreed to"),
    "pattern": Text("không đúng định dạng", "does not have the right form"),
    "format": Text("không đúng định dạng", "does not have the right form"),
    "minLength": Text("phải có ít nhất {number} ký tự", "must have at least {number} characters"),
    "maxLength": Text("không được quá {number} ký tự", "must have at most {number} characters"),
    "minimum": Text("không được nhỏ hơn {number}", "must be at least {number}"),
    "maximum": Text("không được lớn hơn {number}", "must be at most {number}"),
    "exclusiveMinimum": Text("phải lớn hơn {number}", "must be more than {number}"),
    "exclusiveMaximum": Text("phải nhỏ hơn {number}", "must be less than {number}"),
    "multipleOf": Text("phải là bội số của {number}", "must be a multiple of {number}"),
    "minItems": Text("phải có ít nhất {number} mục", "must have at least {number} entries"),
    "maxItems": Text("không được quá {number} mục", "must have at most {number} entries"),
    "uniqueItems": Text("có mục bị trùng lặp", "has an entry twice"),
    "additionalProperties": Text("biểu mẫu không có mục này", "the form has no such field"),
    "unevaluatedProperties": Text("biểu mẫu không có mục này", "the form has no such field"),
}

_TYPES: Mapping[str, Text] = {
    "string": Text("phải là chữ", "must be text"),
    "integer": Text("phải là số nguyên", "must be a whole number"),
    "number": Text("phải là số", "must be a number"),
    "boolean": Text("phải là có hoặc không", "must be yes or no"),
    "array": Text("phải là danh sách", "must be a list"),
    "object": Text("phải là một nhóm mục", "must be a group of fields"),
}

_FORMATS: Mapping[str, Text] = {
    "date": Text(
        "phải là một ngày có thật, viết theo năm-tháng-ngày, ví dụ 1990-05-21",
        "must be a day that exists, as year-month-day, e.g. 1990-05-21",
    ),
    "email": Text(
        "không phải địa chỉ thư điện tử hợp lệ, ví dụ ten@example.vn",
        "is not a valid e-mail address, e.g. name@example.vn",
    ),
    "uri": Text(
        "không phải địa chỉ trang web hợp lệ, ví dụ https://example.vn",
        "is not a valid web address, e.g. https://example.vn",
    ),
}

_EMPTY = Text("chưa điền", "is empty")


def describe(kind: str, details: Mapping[str, JsonValue], options: Sequence[Text]) -> Text:
    """The words for one error of `kind`, without the value that caused it."""
    if kind in ("minLength", "minItems") and details.get("limit") == 1:
        return _EMPTY
    match details:
        case {"types": [str(only)]} if only in _TYPES:
            return _TYPES[only]
        case {"format": str(name)} if name in _FORMATS:
            return _FORMATS[name]
        case _:
            return _filled(MESSAGES.get(kind, MESSAGES["pattern"]), details, options)


def _filled(text: Text, details: Mapping[str, JsonValue], options: Sequence[Text]) -> Text:
    plain = [str(value) for value in _listed(details.get("options"))]
    number = _grouped(details.get("limit", details.get("multiple_of")))
    return Text(
        text.vi.format(options="; ".join([o.vi for o in options] or plain), number=number),
        text.en.format(
            options="; ".join([o.en for o in options] or plain), number=number.replace(".", ",")
        ),
    )


def _grouped(number: JsonValue) -> str:
    """A whole number as it is written in Vietnam: 1.000.000."""
    return f"{number:,}".replace(",", ".") if isinstance(number, int) else str(number)


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
