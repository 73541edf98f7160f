"""The first code that an agency's developer copies works as it stands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from motcua_contracts.agency import AgencyDecided, AgencyProcessingStarted
from motcua_contracts.consumer import decode
from motcua_contracts.envelope import Record
from motcua_contracts.refusals import Reason
from motcua_contracts.topics import agency_decisions

README = Path(__file__).parents[1] / "README.md"
RUNBOOK = Path(__file__).parents[2] / "docs" / "runbooks" / "held-messages.md"


@pytest.fixture
def react() -> Callable[[Record], Record | None]:
    example = README.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(example, str(README), "exec"), names)
    return names["react"]


def test_the_example_answers_a_received_dossier_once(
    react: Callable[[Record], Record | None], record: Record
) -> None:
    answered = react(record)

    assert answered is not None
    assert isinstance(
        decode(answered, topic=agency_decisions("H42.10")).data, AgencyProcessingStarted
    )
    assert react(record) is None


def test_the_example_decides_once_intake_took_its_first_answer(
    react: Callable[[Record], Record | None], read_golden: Callable[[Path], Record]
) -> None:
    golden = README.parent / "golden" / "vn.motcua.dossier.processing-started.v1" / "0.1.0.json"
    decided = react(read_golden(golden))

    assert decided is not None
    event = decode(decided, topic=agency_decisions("H42.10"))
    assert (type(event.data), event.sequence) == (AgencyDecided, 2)


def test_the_example_sets_a_malformed_record_aside(
    react: Callable[[Record], Record | None],
    record: Record,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert react(record._replace(key=None)) is None
    assert "set aside: null-key" in capsys.readouterr().out


def test_operators_find_every_reason_in_the_runbook() -> None:
    runbook = RUNBOOK.read_text(encoding="utf-8")
    assert [reason for reason in Reason if f"`{reason}`" not in runbook] == []
