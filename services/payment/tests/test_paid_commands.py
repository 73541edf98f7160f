"""What an operator is told by `payment paid`, and what `--redrive` does."""

import argparse
import json
from datetime import timedelta
from typing import Any

import pytest

from chassis.clock import utc_now
from operations.commands import Call
from payment import paid_commands
from payment.redrives import Redrives

from .scene import FEE, Scene, obligation, settled

GRACE = timedelta(minutes=10)


async def paid(scene: Scene, capsys: pytest.CaptureFixture[str], *asked: str) -> list[Any]:
    """What `payment paid` prints, line by line, and its exit code at the end."""
    parser = argparse.ArgumentParser()
    paid_commands.add(parser.add_subparsers())
    options = parser.parse_args(["paid", *asked])
    capsys.readouterr()
    code = await options.run(
        Call("payment", scene.service.settings, scene.service.database, options)
    )
    return [*map(json.loads, capsys.readouterr().out.splitlines()), code]


@pytest.fixture
def longer_ago(scene: Scene) -> Scene:
    """A scene whose present is that of the command, which has a clock of its own."""
    scene.clock.now = utc_now() - timedelta(days=1)
    return scene


async def test_nothing_is_found_where_paid_dossiers_go_on(
    longer_ago: Scene, capsys: pytest.CaptureFixture[str]
):
    due = obligation()
    dossier = await longer_ago.owe(due)
    await longer_ago.consume(settled(dossier, await longer_ago.pay(dossier), due.obligation_id))
    longer_ago.clock.now = utc_now()
    await longer_ago.pay(await longer_ago.owe())
    assert await paid(longer_ago, capsys) == [0]


async def test_what_is_found_is_named(longer_ago: Scene, capsys: pytest.CaptureFixture[str]):
    due = obligation()
    stuck, gone = await longer_ago.owe(), await longer_ago.owe(due)
    order = await longer_ago.pay(stuck)
    named = (await longer_ago.order(gone))["orderId"]
    await longer_ago.consume(settled(gone, named, due.obligation_id))
    money, progress, code = await paid(longer_ago, capsys)
    assert code == 1
    assert money | {"since": "", "next_redrive_at": ""} == {
        "finding": "money-without-progress",
        "dossier_id": stuck,
        "dossier_code": "H42.10-20260302-0000001",
        "order_id": order,
        "amount": FEE,
        "since": "",
        "redrives": 0,
        "next_redrive_at": "",
    }
    assert progress | {"since": ""} == {
        "finding": "progress-without-money",
        "dossier_id": gone,
        "dossier_code": "H42.10-20260302-0000001",
        "order_id": named,
        "obligation_id": due.obligation_id,
        "since": "",
    }


async def test_what_was_given_up_is_taken_up_again_by_an_operator(
    longer_ago: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("payment.advancement.REDRIVES", 0)
    redrives = Redrives(longer_ago.service)
    await longer_ago.pay(await longer_ago.owe())
    longer_ago.clock.pass_by(GRACE)
    assert await redrives.redrive_due() == 0
    (given_up, _) = await paid(longer_ago, capsys)
    assert given_up["next_redrive_at"] is None
    (again, code) = await paid(longer_ago, capsys, "--redrive")
    assert (again["redrives"], code) == (0, 1)
    assert again["next_redrive_at"] is not None
    monkeypatch.undo()
    longer_ago.clock.now = utc_now()
    assert await redrives._take_due()
