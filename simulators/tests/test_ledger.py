from pathlib import Path

import pytest

from simulators.errors import SimulatorError
from simulators.ledger import Ledger
from simulators.running import RunningSimulator


def test_entries_come_back_in_order_and_keep_counting(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.record("charged", {"txnRef": "HS1", "amount": 100})
    ledger.close()

    again = Ledger(path)
    again.record("refunded", {"txnRef": "HS1"})

    assert [(e.sequence, e.kind) for e in again.entries] == [(1, "charged"), (2, "refunded")]
    assert again.entries[0].fields == {"txnRef": "HS1", "amount": 100}
    assert len(path.read_text().splitlines()) == 2


def test_a_line_cut_by_a_kill_is_forgotten_because_nobody_was_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.record("charged", {"amount": 1})
    ledger.close()
    with path.open("ab") as file:
        file.write(b'{"sequence": 2, "at": "2026-')

    again = Ledger(path)
    again.record("charged", {"amount": 2})
    again.close()

    assert [entry.fields["amount"] for entry in Ledger(path).entries] == [1, 2]


def test_a_damaged_line_is_named_instead_of_skipped(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text("not json\n")

    with pytest.raises(SimulatorError, match=r"line 1 .* is damaged"):
        Ledger(path)


def test_two_simulators_never_share_a_ledger_file(tmp_path: Path) -> None:
    options = ("--ledger-file", str(tmp_path / "mail.jsonl"))
    with RunningSimulator("mail", *options), pytest.raises(SimulatorError, match="is used by"):
        RunningSimulator("mail", *options)


def test_a_ledger_file_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")

    with pytest.raises(SimulatorError, match="choose a writable path with --ledger-file"):
        Ledger(blocked / "ledger.jsonl")


def test_a_taken_port_says_what_to_do() -> None:
    with RunningSimulator("mail") as mail, pytest.raises(SimulatorError, match="--port 0"):
        RunningSimulator("identity", "--port", str(mail.port))


def test_being_told_to_stop_is_no_failure() -> None:
    assert RunningSimulator("mail").stop() == 0
