"""What a planted bug is, and how it gets into a process."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

Function = Callable[..., Any]


class PatchMissedError(Exception):
    """The code that a bug was to replace is not there any more, or has another shape."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to a system with a bug so that the bug shows, within a minute."""

    dossiers: int = 16
    kinds: tuple[str, ...] = ("record", "registration")
    """Kinds of journeys, taken in turn."""
    failpoints: Mapping[str, str] = field(default_factory=dict[str, str])
    """By program: what `MOTCUA_FAILPOINTS` says at its first start, and at no later one."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further variables, for all programs."""
    strikes: tuple[str, ...] = ()
    """What else is done, by the names in `strikes.py`."""
    insistent: bool = False
    """Whether everybody sends twice, and somebody forges whatever can be forged."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One bug: what it replaces by what, in which programs, and who has to find it."""

    name: str
    programs: tuple[str, ...]
    patches: Mapping[str, str]
    """`module:Class.function` of the product, and `module:function` of this package."""
    caught_by: tuple[str, ...]
    """Invariants by their short names; each of them alone has to find it."""
    plan: Plan

    @property
    def wrong(self) -> str:
        """What is wrong, in the words of whoever planted it."""
        first = next(iter(self.patches.values()), None)
        return " ".join((inspect.getdoc(_ours(first)) or "").split()) if first else "nothing"


def plant(bug: Planted) -> None:
    """Put a bug into this process. Raises `PatchMissedError`."""
    for owner, attribute, replacement in [*replacements(bug)]:
        setattr(owner, attribute, replacement)


def replacements(bug: Planted) -> Iterator[tuple[object, str, Function]]:
    """Which attribute of what is replaced by which function. Raises `PatchMissedError`."""
    for target, name in bug.patches.items():
        owner, attribute, original = _found(target)
        replacement = _ours(name)
        if _shape(original) != _shape(replacement):
            raise PatchMissedError(
                f"{bug.name}: {target} is {_shape(original)}, {name} is {_shape(replacement)}"
            )
        yield owner, attribute, replacement


def _ours(name: str) -> Function:
    module, _, function = name.partition(":")
    return getattr(import_module(f"chaos.planted.{module}"), function)


def _found(target: str) -> tuple[object, str, Function]:
    """Where a function of the product lies, by which name, and itself."""
    module, _, path = target.partition(":")
    *owners, attribute = path.split(".")
    owner: object = import_module(module)
    try:
        for name in owners:
            owner = getattr(owner, name)
        return owner, attribute, getattr(owner, attribute)
    except AttributeError as error:
        raise PatchMissedError(f"{target}: {error}") from error


def _shape(function: Function) -> str:
    """How it is called, without its types: names, kinds and defaults, and whether it is awaited."""
    inner = inspect.unwrap(function)
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(inner).parameters.values()
    ]
    kind = "async " * (inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner))
    managed = "managed " * hasattr(function, "__wrapped__")
    return f"{kind}{managed}{inspect.Signature(parameters)}"
