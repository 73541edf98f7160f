"""Ways to believe a gateway wrongly."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from payment import domain
from payment.domain import Attempt, Decision, Money, Order
from payment.ports import GatewayStatement

_judge = domain.judge


def judge_without_amount(
    statement: GatewayStatement,
    order: Order,
    attempt: Attempt,
    *,
    booked: Money | None,
    now: datetime,
) -> Decision:
    """Whatever amount a gateway states is taken for the order's. (I10)"""
    stated = replace(statement, amount=order.amount)
    return _judge(stated, order, attempt, booked=booked, now=now)


def believe_every_signature(text: str, signature: str, secrets: Sequence[str]) -> bool:
    """The signature of a notification is not checked: anybody can say that they paid. (I2, I10)"""
    del text, signature, secrets
    return True
