"""A procedure (thủ tục hành chính) as its file describes it.

Everything that may differ between two procedures stands there. A dossier keeps the version it was
filed under until its end, whatever comes later.
"""

from datetime import date, time
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from chassis.errors import Refusal, Text
from intake.forms import Form, schema_problems
from intake.tariff import Exemption, Tariff
from intake.working_calendar import TimeLimit, TimeUnit
from intake.yaml_files import Entry, QuotedTime, Words
from motcua_contracts.types import (
    AgencyCode,
    Channel,
    LegalGround,
    PaperKind,
    ProcedureCode,
    ReasonCode,
)

MediaType = Literal["application/pdf", "image/jpeg", "image/png"]


class ChannelClosed(
    Refusal,
    status=422,
    vi="Thủ tục không nhận hồ sơ qua kênh này",
    en="The procedure does not take dossiers this way",
):
    """The law, or the list of services without in-person intake, closes this channel."""


class UnknownReason(
    Refusal, status=422, vi="Thủ tục không có lý do này", en="The procedure has no such reason"
):
    """A reason code that is not in the procedure's list."""


class Tier(StrEnum):
    """Which tier of government answers (cấp thực hiện); districts ended on 1 July 2025."""

    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"


class ServiceLevel(Entry):
    """How far the procedure is online (mức độ dịch vụ công).

    Scheme `L1-4` is the levels 1 to 4 used until 2022, `TT/MP` is toàn trình (whole) or một phần
    (partial) of NĐ 42/2022/NĐ-CP.
    """

    scheme: Literal["L1-4", "TT/MP"]
    value: str
    since: date

    @model_validator(mode="after")
    def _value_fits_scheme(self) -> Self:
        allowed = ("1", "2", "3", "4") if self.scheme == "L1-4" else ("toan-trinh", "mot-phan")
        if self.value not in allowed:
            raise ValueError(f"value: with scheme {self.scheme} write one of {', '.join(allowed)}")
        return self


class ChannelFlags(Entry):
    """What the law says about how to file and what happens in person."""

    online_forbidden: LegalGround | None = None
    """Legal ground for which it may not be filed online (e.g. land certificates)."""
    no_in_person_intake: bool = False
    """On the list of services that are only taken online or by post."""
    by_post: bool = True
    """Taken by public post (bưu chính công ích)."""
    in_person_step: bool = False
    """The citizen has to come once, e.g. for a signature."""
    original_at_return: bool = False
    """Originals are shown when the result is handed over."""
    result_on_paper: bool = False
    """The result exists on paper only."""


class Decider(StrEnum):
    """Who decides about the dossiers of a procedure."""

    AGENCY = "agency"
    """The competent agency's own system, over Kafka or HTTP."""
    CERTIFICATION = "certification"
    """The certification service: it tells the fee, and its certified copy is the result."""


class FeeToldLater(Entry):
    """A charge whose amount nobody knows at filing: by what rule it is reckoned."""

    words: Words
    ground: LegalGround


class Limit(Entry):
    """A time limit; `cut_off` is for procedures done on the day of receipt."""

    amount: Annotated[int, Field(ge=0, le=366)]
    unit: TimeUnit
    cut_off: QuotedTime | None = None
    ground: LegalGround | None = None

    @property
    def time_limit(self) -> TimeLimit:
        cut_off: time | None = self.cut_off
        return TimeLimit(self.amount, self.unit, cut_off)


class RequiredPaper(Entry):
    """A paper that belongs to the dossier (thành phần hồ sơ)."""

    kind: PaperKind
    name: Words
    required: bool = True
    media_types: Annotated[tuple[MediaType, ...], Field(min_length=1)] = ("application/pdf",)


class ReasonUse(StrEnum):
    """What a reason is given for."""

    REFUSAL = "refusal"
    SUPPLEMENT = "supplement"
    WITHDRAWAL = "withdrawal"
    STOP = "stop"
    DENIAL = "denial"


class Reason(Entry):
    """Why something was decided: a code for machines, words for the citizen, a ground in law."""

    code: ReasonCode
    uses: Annotated[tuple[ReasonUse, ...], Field(min_length=1)]
    words: Words
    ground: LegalGround


NOT_CERTIFIED = "not-certified"
"""The reason of which certification's own reasons are kinds, where a procedure does not list them.
"""


class Procedure(Entry):
    """One version of a procedure."""

    code: ProcedureCode
    version: Annotated[int, Field(ge=1)]
    valid_from: date
    valid_until: date | None = None
    note: str | None = None
    name: Words
    level: ServiceLevel
    tier: Tier
    competent_agency: AgencyCode
    intake_agency: AgencyCode
    decided_by: Decider = Decider.AGENCY
    channels: ChannelFlags = ChannelFlags()
    fees: tuple[Tariff, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    fee_told_later: FeeToldLater | None = None
    pay_within: Limit = Limit(amount=5, unit=TimeUnit.WORKING_DAYS)
    time_limit: Limit
    papers: tuple[RequiredPaper, ...] = ()
    results: Annotated[tuple[RequiredPaper, ...], Field(min_length=1)]
    reasons: tuple[Reason, ...] = ()
    form_schema: dict[str, JsonValue] = Field(alias="form")

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        fees, kinds = {fee.code for fee in self.fees}, {paper.kind for paper in self.papers}
        for exemption in self.exemptions:
            if unknown := set(exemption.fees) - fees:
                raise ValueError(f"exemptions: {exemption.code} names no fee line: {unknown}")
            if exemption.proof and exemption.proof not in kinds:
                raise ValueError(f"exemptions: {exemption.code} wants a proof not in papers")
        return self

    @model_validator(mode="after")
    def _codes_stand_once(self) -> Self:
        for field, codes in (
            ("fees", [fee.code for fee in self.fees]),
            ("exemptions", [exemption.code for exemption in self.exemptions]),
            ("papers", [paper.kind for paper in self.papers]),
            ("reasons", [reason.code for reason in self.reasons]),
        ):
            if twice := sorted({code for code in codes if codes.count(code) > 1}):
                raise ValueError(
                    f"{field}: {', '.join(twice)} stands twice, give each its own code"
                )
        return self

    @model_validator(mode="after")
    def _certification_can_decide(self) -> Self:
        if self.decided_by is Decider.CERTIFICATION:
            if self.fees:
                raise ValueError("fees: certification tells the fee, leave them out")
            uses = {
                use
                for reason in self.reasons
                if reason.code == NOT_CERTIFIED
                for use in reason.uses
            }
            if missing := {ReasonUse.REFUSAL, ReasonUse.STOP} - uses:
                raise ValueError(f"reasons: add {NOT_CERTIFIED} for {', '.join(sorted(missing))}")
        return self

    @model_validator(mode="after")
    def _form_can_be_explained(self) -> Self:
        if problems := schema_problems(self.form_schema):
            raise ValueError("form: " + "; ".join(problems))
        return self

    @cached_property
    def form(self) -> Form:
        """The e-form, compiled at first use."""
        return Form(self.form_schema)

    def require_channel(self, channel: Channel) -> None:
        """Refuse a channel that is closed for this procedure."""
        flags = self.channels
        match channel:
            case Channel.ONLINE if flags.online_forbidden:
                raise ChannelClosed(_closed("trực tuyến", "online", flags.online_forbidden))
            case Channel.IN_PERSON if flags.no_in_person_intake:
                raise ChannelClosed(_closed("trực tiếp", "in person"))
            case Channel.POST if not flags.by_post:
                raise ChannelClosed(_closed("bưu chính", "by post"))
            case _:
                return

    def reason(self, code: str, use: ReasonUse) -> Reason:
        """The reason `code`, which must be meant for `use`."""
        known = self._reasons(use)
        if code in known:
            return known[code]
        codes = ", ".join(known) or "-"
        raise UnknownReason(
            Text(f"Chọn một trong các lý do: {codes}.", f"Choose one of these reasons: {codes}."),
            allowed=list(known),
        )

    def reason_of_certification(self, code: str, use: ReasonUse) -> Reason:
        """The reason that certification gave. Its list may grow before ours does: what is not
        listed here rests on the ground of `not-certified`.
        """
        known = self._reasons(use)
        return known.get(code) or known[NOT_CERTIFIED].model_copy(update={"code": code})

    def _reasons(self, use: ReasonUse) -> dict[str, Reason]:
        return {reason.code: reason for reason in self.reasons if use in reason.uses}


def _closed(vi: str, en: str, ground: str | None = None) -> Text:
    why_vi, why_en = (f" ({ground})", f" ({ground})") if ground else ("", "")
    return Text(
        f"Thủ tục này không nhận hồ sơ {vi}{why_vi}. Vui lòng nộp theo cách khác.",
        f"This procedure takes no dossiers {en}{why_en}. Please file in another way.",
    )
