"""What codes mean to a citizen: events carry codes, letters carry words."""

from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable

import yaml
from pydantic import BaseModel, ConfigDict, RootModel


class Word(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    vi: str
    en: str


class Words(RootModel[Mapping[str, Mapping[str, Word]]]):
    """By kind of code, then by code. Lists of codes grow: one without a word stands for itself."""

    def say(self, code: str, kind: str, language: str) -> str:
        """The word for a code of that kind, which must exist, in `vi` or `en`."""
        word = self.root[kind].get(code)
        if word is None:
            return code
        return word.vi if language == "vi" else word.en


def load_words(file: Traversable | None = None) -> Words:
    file = file or resources.files("notification") / "words.yaml"
    return Words.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
