"""The texts a citizen reads: one file per template and version, never edited once it was used.

Every file is whole, greeting to signature, without a shared layout: a message keeps the version
it was reserved with, so an old version must go on saying what it said.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, cast

import yaml
from jinja2 import Environment, StrictUndefined, TemplateError
from jinja2 import Template as CompiledTemplate
from pydantic import AwareDatetime, BaseModel, ConfigDict, PositiveInt, ValidationError

from chassis.errors import Permanent
from notification.words import Words, load_words

# Asia/Ho_Chi_Minh: no summer time since 1975, so a fixed offset serves without a zone database.
ICT = timezone(timedelta(hours=7), "ICT")


class TemplateMissing(Permanent):
    """No text is there for a fact that citizens are told about, or for a version in use."""

    def __init__(self, message: str) -> None:
        super().__init__("template-missing", message)


class TemplateBroken(Permanent):
    """A text does not fit the facts it is about."""

    def __init__(self, message: str) -> None:
        super().__init__("template-broken", message)


class Template(BaseModel):
    """A text for one fact. `valid_from` decides which version a new message takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: PositiveInt
    fact: str
    valid_from: AwareDatetime
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Text:
    subject: str = field(repr=False)
    body: str = field(repr=False)


def as_date(moment: datetime | date) -> str:
    """dd/MM/yyyy, in Vietnam."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(ICT)
    return f"{moment:%d/%m/%Y}"


def as_time(moment: datetime) -> str:
    """dd/MM/yyyy HH:mm, in Vietnam."""
    return f"{moment.astimezone(ICT):%d/%m/%Y %H:%M}"


def as_money(amount: int) -> str:
    """200.000 ₫, with a space that does not break."""
    return f"{amount:,}".replace(",", ".") + "\N{NO-BREAK SPACE}₫"


def _environment(words: Words) -> Environment:
    # Plain text: escaping for HTML would only damage names.
    environment = Environment(
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = cast("dict[str, Callable[..., str]]", environment.filters)
    filters |= {"date": as_date, "time": as_time, "money": as_money, "word": words.say}
    return environment


class Catalogue:
    """Every template in every version."""

    def __init__(self, templates: Iterable[Template], words: Words) -> None:
        self._templates = {(t.id, t.version): t for t in templates}
        self._environment = _environment(words)
        self._compiled: dict[str, CompiledTemplate] = {}

    @cached_property
    def _by_fact(self) -> Mapping[str, list[Template]]:
        newest_first = sorted(self._templates.values(), key=lambda t: t.version, reverse=True)
        facts = {t.fact for t in newest_first}
        return {fact: [t for t in newest_first if t.fact == fact] for fact in facts}

    def pick(self, fact: str, *, at: datetime) -> Template:
        """The newest version that is valid at that time."""
        for template in self._by_fact.get(fact, ()):
            if template.valid_from <= at:
                return template
        raise TemplateMissing(f"no template is valid for {fact} at {at:%Y-%m-%d}: add one")

    def get(self, id: str, version: int) -> Template:  # noqa: A002
        try:
            return self._templates[id, version]
        except KeyError:
            raise TemplateMissing(
                f"template {id} v{version} is in use but not here: put its file back"
            ) from None

    def require(self, facts: Iterable[str], *, at: datetime) -> None:
        """Raise `TemplateMissing` unless each of the facts has a template that is valid now."""
        for fact in facts:
            self.pick(fact, at=at)

    def render(self, template: Template, values: Mapping[str, Any]) -> Text:
        """Fill a template. An undefined name is an error, never an empty place."""
        try:
            subject = self._compile(template.subject).render(values)
            body = self._compile(template.body).render(values)
        except (TemplateError, TypeError, ValueError, AttributeError, LookupError) as error:
            # Jinja's own words quote the template; those of other errors may quote a citizen.
            why = error if isinstance(error, TemplateError) else type(error).__name__
            raise TemplateBroken(
                f"template {template.id} v{template.version} cannot be filled: {why}"
            ) from error
        return Text(" ".join(subject.split()), body)

    def _compile(self, source: str) -> CompiledTemplate:
        if source not in self._compiled:
            self._compiled[source] = self._environment.from_string(source)
        return self._compiled[source]


def load_catalogue(folder: Traversable | None = None) -> Catalogue:
    """Read every template of `folder` (those of the package, unless said otherwise)."""
    folder = folder or resources.files("notification") / "templates"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return Catalogue((_read(file) for file in files), load_words())


def _read(file: Traversable) -> Template:
    try:
        template = Template.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise TemplateBroken(f"{file.name} is not a template: {error}") from error
    if file.name != f"{template.id}.v{template.version}.yaml":
        raise TemplateBroken(f"{file.name} holds {template.id} v{template.version}: rename it")
    return template
