"""`docs/events.md`: every topic, event and field on one page, for people."""

import ast
import inspect
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import pairwise
from textwrap import fill
from typing import cast, get_args

from pydantic import StringConstraints

from gates.asyncapi import RULES, contracts_version, headers_schema
from gates.schemas import AGENCY_TOPIC, Json, schema_of, topic_of
from motcua_contracts import types
from motcua_contracts.envelope import EventData
from motcua_contracts.registry import EVENTS
from motcua_contracts.topics import TOPICS, Topic

HEAD = """\
# Events

Generated from `contracts/` by `python -m gates.documents`; change the models, not this page.
Version {version}. For programs: `contracts/asyncapi.json` and `contracts/schemas/`. One example of
every version ever published stands in `contracts/golden/`.
"""


def page() -> str:
    """The whole page."""
    parts = [
        HEAD.format(version=contracts_version()),
        "## Rules\n",
        *(_bullet(f"**{name.title()}.** {rule}") for name, rule in RULES.items()),
        "\n## Headers of every record\n",
        *_headers(),
        "\n## Topics\n",
        *_topics(),
        *(part for topic in (*TOPICS.values(), AGENCY_TOPIC) for part in _events_of(topic)),
        "\n## Words\n",
        *_words(),
        "\n## Lists\n",
        *_lists(),
    ]
    return "\n".join(parts) + "\n"


def _bullet(text: str) -> str:
    return fill(text, width=100, initial_indent="- ", subsequent_indent="  ")


def _headers() -> Iterator[str]:
    schema = headers_schema()
    yield from ("| header | presence | meaning |", "| --- | --- | --- |")
    for name, header in schema["properties"].items():
        presence = "always" if name in schema["required"] else "optional"
        yield f"| `{name}` | {presence} | {header['description']} |"


def _topics() -> Iterator[str]:
    yield from (
        "| topic | writer | readers | partitions | kept |",
        "| --- | --- | --- | --- | --- |",
    )
    for topic in (*TOPICS.values(), AGENCY_TOPIC):
        kept = "last of each key" if topic.retention is None else f"{topic.retention.days} days"
        readers = ", ".join(topic.readers)
        yield f"| `{topic.name}` | `{topic.writer}` | {readers} | {topic.partitions} | {kept} |"


def _events_of(topic: Topic) -> Iterator[str]:
    yield f"\n## `{topic.name}`"
    for event in EVENTS:
        if topic_of(event) == topic:
            yield from _event(event)


def _event(event: type[EventData]) -> Iterator[str]:
    schema = schema_of(event)
    yield f"\n### {event.__name__}\n\n`{event.type}`\n\n{schema['description']}\n"
    yield from _fields(schema, schema.get("$defs", {}))
    for name, part in schema.get("$defs", {}).items():
        if "properties" in part:
            yield f"\n*{name}*: {part['description']}\n"
            yield from _fields(part, schema["$defs"])


def _fields(schema: Json, definitions: Json) -> Iterator[str]:
    yield from ("| field | holds | meaning |", "| --- | --- | --- |")
    for name, field in schema["properties"].items():
        kind = _kind(field, definitions)
        if name not in schema["required"]:
            kind += ", optional"
        yield f"| `{name}` | {kind} | {field['description']} |"


def _kind(field: Json, definitions: Json) -> str:
    """What a field holds, in one or two words."""
    if "$ref" in field:
        return _kind_of_reference(field["$ref"].rpartition("/")[2], definitions)
    if "items" in field:
        return f"list of {_kind(field['items'], definitions)}"
    if field["type"] == "integer":
        return "integer"
    if "pattern" in field:
        return _names_by_pattern().get(field["pattern"], "string")
    return "time" if field.get("format") == "date-time" else "string"


def _kind_of_reference(name: str, definitions: Json) -> str:
    choices = definitions[name].get("enum")
    if choices is None or definitions[name]["type"] == "integer":
        return name
    return " · ".join(f"`{choice}`" for choice in choices)


def _names_by_pattern() -> dict[str, str]:
    """Names of the constrained strings; of two with one pattern the first, general one."""
    patterns: dict[str, str] = {}
    for name, alias in vars(types).items():
        for constraint in get_args(alias)[1:]:
            if isinstance(constraint, StringConstraints) and isinstance(constraint.pattern, str):
                patterns.setdefault(constraint.pattern, name)
    return patterns


def _words() -> Iterator[str]:
    """What the constrained strings mean, from the docstrings beside them."""
    patterns = {name: pattern for pattern, name in _names_by_pattern().items()}
    yield from ("| word | meaning | pattern |", "| --- | --- | --- |")
    for name, about in _documented(ast.parse(inspect.getsource(types)).body):
        if name in patterns:
            pattern = patterns[name].replace("|", "\\|")
            yield f"| {name} | {about} | `{pattern}` |"


def _lists() -> Iterator[str]:
    yield from ("| list | value | name | meaning |", "| --- | --- | --- | --- |")
    for name, kind in vars(types).items():
        if isinstance(kind, type) and issubclass(kind, Enum) and kind.__module__ == types.__name__:
            meanings = dict(_documented(_body_of(kind)))
            for member in cast("Iterable[Enum]", kind):
                meaning = meanings.get(member.name, "")
                yield f"| {name} | `{member.value}` | {member.name} | {meaning} |"


def _body_of(kind: type) -> list[ast.stmt]:
    (statement,) = ast.parse(inspect.getsource(kind)).body
    return cast("ast.ClassDef", statement).body


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Names that are assigned and described right below, as in `types`."""
    for statement, following in pairwise(body):
        match statement, following:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(about))),
            ):
                yield name, about.split("\n\n", maxsplit=1)[0].replace("\n", " ")
            case _:
                pass
