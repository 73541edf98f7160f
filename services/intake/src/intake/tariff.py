"""The tariff of a procedure as its file gives it: fee lines and the rules that take them off."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from intake.yaml_files import Entry, Words
from motcua_contracts.types import Channel, Code, Dong, LegalGround, ObligationKind, PaperKind


class Amount(Entry):
    """What a fee line costs from a day on, until the next such entry."""

    since: date
    amount: Dong


class Tariff(Entry):
    """One fee line (dòng phí, lệ phí) with its amounts over time."""

    code: Code
    kind: ObligationKind
    name: Words
    ground: LegalGround
    amounts: Annotated[tuple[Amount, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _amounts_are_in_order(self) -> Self:
        if any(earlier.since >= later.since for earlier, later in pairwise(self.amounts)):
            raise ValueError("amounts: put them in order of since, each day once")
        return self

    def amount(self, on: date) -> int:
        """Đồng that the line costs on a day; 0 before its first amount."""
        return next((a.amount for a in reversed(self.amounts) if a.since <= on), 0)


class Exemption(Entry):
    """A rule that takes off part or all of some fee lines (miễn, giảm phí, lệ phí).

    With `channels` it holds by itself for dossiers filed that way; without, a citizen claims it and
    adds the paper of kind `proof`.
    """

    code: Code
    name: Words
    ground: LegalGround
    fees: Annotated[tuple[Code, ...], Field(min_length=1)]
    percent: Annotated[int, Field(ge=1, le=100)]
    channels: tuple[Channel, ...] = ()
    proof: PaperKind | None = None

    @model_validator(mode="after")
    def _is_automatic_or_proved(self) -> Self:
        if bool(self.channels) == bool(self.proof):
            raise ValueError(
                "give channels (holds by itself) or proof (is claimed), one of the two"
            )
        return self
