"""Read a YAML file into a model, or say everything that is wrong with it at once."""

from collections.abc import Hashable
from datetime import time
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from chassis.errors import Text

Model = TypeVar("Model", bound=BaseModel)


class Entry(BaseModel):
    """Base of what stands in such a file: an unknown field is a typing mistake, so an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Words(Entry):
    """The same words for a citizen in both languages."""

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @property
    def text(self) -> Text:
        return Text(self.vi, self.en)


def _quoted_time(value: object) -> time:
    # YAML reads an unquoted 17:00 as the base-60 number 1020: only text is unambiguous.
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise ValueError('write hours and minutes in quotes, e.g. "07:30"') from None


QuotedTime = Annotated[time, BeforeValidator(_quoted_time)]


class UnusableFile(ValueError):  # noqa: N818 - names what it is about
    """A file that cannot be used. Each problem names the field and says what to do."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.path = path
        self.problems = problems


def read_yaml(path: Path, model: type[Model]) -> Model:
    """Read `path` as `model`; raises `UnusableFile`."""
    try:
        content = yaml.load(path.read_bytes(), _OneOfEachKey)  # noqa: S506 - a safe loader
        return model.model_validate(content)
    except OSError as error:
        reason = f"cannot be read ({error.strerror}): check the path and its permissions"
        raise UnusableFile(path, [reason]) from error
    except yaml.YAMLError as error:
        raise UnusableFile(path, [f"is not valid YAML, mend it: {error}"]) from error
    except ValidationError as error:
        raise UnusableFile(path, _problems(error)) from error


class _OneOfEachKey(yaml.SafeLoader):
    """YAML forbids a key twice, PyYAML takes the last one: a fee could vanish that way."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key: object = self.construct_object(key_node, deep=True)  # pyright: ignore[reportUnknownMemberType] - PyYAML's stubs
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _problems(error: ValidationError) -> list[str]:
    found = ((".".join(map(str, e["loc"])), e["type"], e["msg"]) for e in error.errors())
    return [f"{field or 'the whole file'}: {_advice(kind, why)}" for field, kind, why in found]


def _advice(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "is missing: add it"
        case "extra_forbidden":
            return "is not a field of this file: remove it, or mend its spelling"
        case _:
            return message.removeprefix("Value error, ")
