"""What a dossier costs: tariff of the day, less the best exemption for each line."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chassis.errors import FieldError
from intake.procedures import Procedure
from intake.tariff import Exemption, Tariff
from motcua_contracts.dossier import FeeLine, Obligation
from motcua_contracts.types import Channel, ObligationKind


@dataclass(frozen=True, slots=True)
class Charge:
    """One fee line of a dossier; amounts in đồng."""

    code: str
    kind: ObligationKind
    tariff: int
    amount: int
    exemption_ground: str | None = None

    @property
    def fee_line(self) -> FeeLine:
        return FeeLine(kind=self.kind, code=self.code, amount=self.amount)


def assess(
    procedure: Procedure,
    *,
    on: date,
    channel: Channel,
    claimed: Collection[str] = (),
) -> tuple[Charge, ...]:
    """The fee lines of a dossier filed on a day in Vietnam; `claimed` are codes of exemptions, in
    which `claim_errors` found nothing wrong.
    """
    rules = [rule for rule in procedure.exemptions if _holds(rule, channel, claimed)]
    return tuple(_charge(tariff, on, rules) for tariff in procedure.fees if tariff.amount(on))


def obligations(
    charges: Iterable[Charge], *, due_at: datetime, new_id: Callable[[], str]
) -> tuple[Obligation, ...]:
    """What is to be paid (nghĩa vụ tài chính); nothing for a line that costs nothing."""
    return tuple(
        Obligation(
            obligation_id=new_id(),
            kind=charge.kind,
            amount=charge.amount,
            due_at=due_at,
            exemption_ground=charge.exemption_ground,
        )
        for charge in charges
        if charge.amount
    )


def _holds(rule: Exemption, channel: Channel, claimed: Collection[str]) -> bool:
    return channel in rule.channels or (rule.proof is not None and rule.code in claimed)


def _charge(tariff: Tariff, on: date, rules: Sequence[Exemption]) -> Charge:
    full = tariff.amount(on)
    fitting = [rule for rule in rules if tariff.code in rule.fees]
    best = max(fitting, key=lambda rule: rule.percent, default=None)
    if best is None:
        return Charge(tariff.code, tariff.kind, full, full)
    reduced = full * (100 - best.percent) // 100
    return Charge(tariff.code, tariff.kind, full, reduced, best.ground)


def claim_errors(
    procedure: Procedure, claimed: Collection[str], papers: Collection[str]
) -> Iterator[FieldError]:
    """What is wrong with claims of exemptions: unknown, or without the paper that proves them;
    `papers` are the kinds handed in.
    """
    rules = {rule.code: rule for rule in procedure.exemptions if rule.proof}
    names = {paper.kind: paper.name for paper in procedure.papers}
    for n, code in enumerate(claimed):
        field = f"exemptions.{n}"
        if (rule := rules.get(code)) is None:
            known = ", ".join(rules) or "-"
            yield FieldError(
                field=field,
                vi=f"Thủ tục không có diện miễn, giảm này; các diện có thể chọn: {known}.",
                en=f"The procedure has no such exemption; there are: {known}.",
            )
        elif rule.proof and rule.proof not in papers:
            proof = names[rule.proof]
            yield FieldError(
                field=field,
                vi=f"{rule.name.vi}: cần nộp kèm {proof.vi}.",
                en=f"{rule.name.en}: add the paper “{proof.en}”.",
            )
