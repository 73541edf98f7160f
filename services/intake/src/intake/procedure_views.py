"""What the API shows of a procedure: all that somebody needs to know before filing."""

from collections.abc import Iterable
from datetime import date, time

from pydantic import JsonValue

from intake.procedures import Decider, Procedure, ReasonUse
from intake.views import View, Words
from intake.working_calendar import TimeUnit
from motcua_contracts.types import Channel, ObligationKind


class ProcedureSummary(View):
    """A line in the list of procedures."""

    code: str
    version: int
    name: Words
    competent_agency: str
    intake_agency: str


class FeeView(View):
    """A fee line; `amount` in đồng is the one of today."""

    code: str
    kind: ObligationKind
    name: Words
    ground: str
    amount: int


class ExemptionView(View):
    """What takes `percent` off some fees: by itself when filed by one of `channels`, else claimed
    by its code, with the paper `proof`.
    """

    code: str
    name: Words
    ground: str
    fees: list[str]
    percent: int
    channels: list[Channel]
    proof: str | None


class FeeToldLaterView(View):
    """By what rule a charge is reckoned whose amount is told after filing."""

    words: Words
    ground: str


class LimitView(View):
    amount: int
    unit: TimeUnit
    cut_off: time | None
    ground: str | None


class RequiredPaperView(View):
    kind: str
    name: Words
    required: bool
    media_types: list[str]


class ReasonView(View):
    """Why something may be decided: officers and agencies give `code`, citizens read `words`."""

    code: str
    uses: list[ReasonUse]
    words: Words
    ground: str


class ProcedureView(ProcedureSummary):
    """A procedure as it is in force; `form` is the JSON Schema of its e-form."""

    decided_by: Decider
    fees: list[FeeView]
    fee_told_later: FeeToldLaterView | None
    exemptions: list[ExemptionView]
    pay_within: LimitView
    time_limit: LimitView
    papers: list[RequiredPaperView]
    results: list[RequiredPaperView]
    reasons: list[ReasonView]
    form: dict[str, JsonValue]


def summaries(procedures: Iterable[Procedure]) -> list[ProcedureSummary]:
    return [ProcedureSummary.model_validate(procedure) for procedure in procedures]


def whole(procedure: Procedure, *, on: date) -> ProcedureView:
    fees = [
        FeeView(
            code=fee.code,
            kind=fee.kind,
            name=Words.model_validate(fee.name),
            ground=fee.ground,
            amount=fee.amount(on),
        )
        for fee in procedure.fees
    ]
    fields = ProcedureView.model_fields.keys() - {"fees", "form"}
    rest = {name: getattr(procedure, name) for name in fields}
    return ProcedureView.model_validate({**rest, "fees": fees, "form": procedure.form_schema})
