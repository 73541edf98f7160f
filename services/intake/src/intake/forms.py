"""Check the data of an e-form (e-Form, biểu mẫu điện tử) against its procedure's JSON Schema.

A schema is JSON Schema 2020-12 with three annotations of ours on a field: `x-label` {vi, en}, the
words beside the field; `x-message` {vi, en}, what to say instead of the general words when its
value is wrong; `x-options` {value: {vi, en}}, the words for the values of an `enum`. An answer
never repeats a value, because values are about people.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, cast

import jsonschema_rs
from pydantic import JsonValue

from chassis.errors import FieldError, Text
from intake.form_messages import MESSAGES, describe

Schema: TypeAlias = dict[str, JsonValue]
Path: TypeAlias = Sequence[str | int]

MOST_ERRORS = 50
_STRUCTURE = {"$schema", "$id", "$defs", "$ref", "properties", "items", "allOf"}
_CONDITIONS = {"if", "then", "else"}
_ANNOTATIONS = {"title", "description", "examples", "default", "$comment", "x-hint"}
_OURS = {"x-label", "x-message", "x-options"}
_SILENT_KEYWORDS = _STRUCTURE | _CONDITIONS | _ANNOTATIONS | _OURS


class Form:
    """One version of a form, its schema compiled once."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        # No look-ups over the network, no regular expression that can be made to run for ever.
        self._validator = jsonschema_rs.Draft202012Validator(
            schema,
            validate_formats=True,
            ignore_unknown_formats=False,
            pattern_options=jsonschema_rs.RegexOptions(),
            offline=True,
        )

    def errors(self, content: JsonValue) -> list[FieldError]:
        """Every wrong field, as a dotted path under `form`, and why; empty when all is well."""
        found: list[FieldError] = []
        for error in self._validator.iter_errors(content):
            found.extend(self._field_errors(error))
            if len(found) >= MOST_ERRORS:
                break
        return found[:MOST_ERRORS]

    def _field_errors(self, error: jsonschema_rs.ValidationError) -> Iterator[FieldError]:
        details = error.kind.as_dict()
        node = _at(self.schema, error.schema_path[:-1])
        for path in _culprits(error.instance_path, details):
            label = self._label(path)
            why = _text(node.get("x-message")) if _is_about_a_value(error.kind.name) else None
            why = why or describe(error.kind.name, details, _options(node))
            yield FieldError(
                field=".".join(["form", *(str(part)[:64] for part in path)]),
                vi=f"{label.vi}: {why.vi}.",
                en=f"{label.en}: {why.en}.",
            )

    def _label(self, path: Path) -> Text:
        """The words beside the field at `path`, with a row number inside a list."""
        node, row, label = self.schema, "", Text("Biểu mẫu", "The form")
        for part in path:
            node = _child(self.schema, node, part)
            row = f" ({part + 1})" if isinstance(part, int) else row
            own = _text(node.get("x-label"))
            label = Text(own.vi + row, own.en + row) if own else label
        return label


def normalised(content: JsonValue) -> JsonValue:
    """`content` with every text in Unicode NFC: some keyboards type `ế` as three characters."""
    match content:
        case str():
            return unicodedata.normalize("NFC", content)
        case list():
            return [normalised(item) for item in content]
        case dict():
            return {key: normalised(value) for key, value in content.items()}
        case _:
            return content


def schema_problems(schema: Schema) -> list[str]:
    """Why `schema` cannot be the schema of a form: each problem names the place and what to do."""
    try:
        Form(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        return [f"is not a usable JSON Schema 2020-12, mend it: {error}"]
    return list(_node_problems(schema, ""))


def _node_problems(node: Schema, place: str) -> Iterator[str]:
    for keyword in sorted(node.keys() - MESSAGES.keys() - _SILENT_KEYWORDS):
        yield f"{place or 'root'}: there are no words for the keyword {keyword!r}: use another"
    for name, child in _children(node):
        if name.startswith("properties/") and not _is_labelled(child, place):
            yield f"{place}{name}: add x-label with vi and en"
        yield from _node_problems(child, f"{place}{name}/")


def _is_labelled(field: Schema, place: str) -> bool:
    """A condition narrows a field that is declared, with its label, outside of it."""
    within_condition = bool(_CONDITIONS & set(place.split("/")))
    return within_condition or "$ref" in field or _text(field.get("x-label")) is not None


def _children(node: Schema) -> Iterator[tuple[str, Schema]]:
    for group in ("properties", "$defs"):
        for name, child in _mapping(node.get(group)).items():
            yield f"{group}/{name}", _mapping(child)
    for keyword in ("items", "if", "then", "else"):
        if isinstance(node.get(keyword), dict):
            yield keyword, _mapping(node[keyword])
    for n, child in enumerate(cast("list[JsonValue]", node.get("allOf") or [])):
        yield f"allOf/{n}", _mapping(child)


def _culprits(path: Path, details: Mapping[str, JsonValue]) -> list[Path]:
    """The fields an error is about: those missing or unexpected, else the one it was found at."""
    names = details.get("unexpected") or [name for name in [details.get("property")] if name]
    return [[*path, cast("str", name)] for name in cast("list[JsonValue]", names)] or [path]


def _is_about_a_value(kind: str) -> bool:
    return kind not in ("required", "additionalProperties", "unevaluatedProperties", "type")


def _at(schema: Schema, path: Path) -> Schema:
    node: JsonValue = schema
    for part in path:
        match node:
            case dict():
                node = node.get(str(part))
            case list():
                node = node[int(part)]
            case _:
                return {}
    return _mapping(node)


def _child(root: Schema, node: Schema, part: str | int) -> Schema:
    """The schema of one field or list item of `node`, references followed."""
    child = (
        node.get("items") if isinstance(part, int) else _mapping(node.get("properties")).get(part)
    )
    found = _mapping(child)
    reference = found.get("$ref")
    if isinstance(reference, str):
        return {**_at(root, reference.removeprefix("#/").split("/")), **found}
    return found


def _options(node: Schema) -> list[Text]:
    return [text for text in map(_text, _mapping(node.get("x-options")).values()) if text]


def _text(words: JsonValue) -> Text | None:
    match words:
        case {"vi": str(vi), "en": str(en)}:
            return Text(vi, en)
        case _:
            return None


def _mapping(node: JsonValue) -> Schema:
    return node if isinstance(node, dict) else {}
