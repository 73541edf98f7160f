"""A whole run: what is decided about a sound one, what is not decided, and how that is told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from checker import Decision, MissingPart, UnknownFormat, judge
from checker.__main__ import main
from checker.judging import INVARIANTS

from .spoiling import NOBODY, Spoiled
from .tiny_run import Files, write
from .tiny_stories import sound_run

README = Path(__file__).parents[1] / "README.md"


def test_every_promise_is_kept_in_a_sound_run(tmp_path: Path) -> None:
    report = judge(write(sound_run(), tmp_path))
    assert {name: v.examples for name, v in report.verdicts.items() if v.examples} == {}
    assert {str(v.verdict) for v in report.verdicts.values()} == {"holds"}
    assert report.passed


def test_each_rule_found_something_to_look_at_in_the_sound_run(tmp_path: Path) -> None:
    report = judge(write(sound_run(), tmp_path))
    idle = {
        rule
        for verdict in report.verdicts.values()
        for rule, tally in verdict.rules.items()
        if not tally.checked
    }
    assert idle == set()


def test_what_there_was_is_counted(tmp_path: Path) -> None:
    counts = judge(write(sound_run(), tmp_path)).counts
    harm = {name: counts[name] for name in ("lost", "duplicated", "reordered", "stuck")}
    assert harm == dict.fromkeys(harm, 0)
    assert (counts["dossiers"], counts["certified"], counts["charged"]) == (5, 1, 4)
    assert (counts["suspended"], counts["unknown_mails"], counts["planted"]) == (1, 1, 1)


def test_harm_is_counted_over_all_invariants(tmp_path: Path) -> None:
    files = sound_run()
    spoiled = Spoiled(files)
    spoiled.said("ok", "upload")["fileId"] = NOBODY
    spoiled.table("notification.messages")[-1]["state"] = "reserved"
    counts = judge(write(files, tmp_path)).counts
    assert (counts["lost"], counts["stuck"]) == (1, 1)


def test_an_unknown_outcome_is_counted_and_never_assumed(tmp_path: Path) -> None:
    """A filing whose answer was lost may have made a dossier, by its key, or none."""
    files = sound_run()
    for line in files["history.jsonl"]:
        made = line.get("dossierId") == files["databases/intake/dossiers.jsonl"][0]["id"]
        if line["kind"] == "ok" and made:
            line["kind"] = "unknown"
            del line["dossierId"]
    report = judge(write(files, tmp_path))
    assert report.passed
    assert report.counts["unknown"] == 3


def test_a_command_without_an_outcome_is_unknown(tmp_path: Path) -> None:
    files = sound_run()
    asked = {"kind": "invoke", "commandId": "cut off", "command": "withdraw", "dossierId": NOBODY}
    files["history.jsonl"].append(asked)
    assert judge(write(files, tmp_path)).counts["unknown"] == 2


def _nobody_pays(files: Files) -> None:
    for path in ("payment", "notification"):
        for table in [name for name in files if name.startswith(f"databases/{path}/")]:
            files[table] = []
    files["ledgers/vnpay.jsonl"] = []


def test_nothing_is_never_called_kept(tmp_path: Path) -> None:
    files = sound_run()
    _nobody_pays(files)
    verdict = judge(write(files, tmp_path)).verdicts["I2-charged-once"]
    assert (verdict.verdict, verdict.checked) == (Decision.UNDECIDED, 0)


def test_what_nobody_asked_for_need_not_be_decided(tmp_path: Path) -> None:
    """Without a copy in the whole run the third invariant is open, and may be."""
    files = sound_run()
    for path in [path for path in files if "certification" in path]:
        files[path] = []
    spoiled = Spoiled(files)
    for command in ("request-copy", "approve-copy"):
        spoiled.forget(command)
    files["ledgers/trust.jsonl"] = []
    report = judge(write(files, tmp_path))
    assert report.verdicts["I3-certified-once"].verdict is Decision.UNDECIDED
    assert "I3-certified-once" not in report.undecided


def test_what_was_asked_for_must_be_decided(tmp_path: Path) -> None:
    files = sound_run()
    for path in [path for path in files if path.startswith("databases/certification/")]:
        files[path] = []
    files["ledgers/trust.jsonl"] = []
    assert "I3-certified-once" in judge(write(files, tmp_path)).undecided


@pytest.mark.parametrize(
    ("part", "invariant"),
    [
        ("databases/payment/orders.jsonl", "I2-charged-once"),
        ("ledgers/trust.jsonl", "I3-certified-once"),
        ("ledgers/mail.jsonl", "I4-told-once"),
        ("history.jsonl", "I7-nothing-invented"),
        ("agencies/H42.10/answers.jsonl", "I8-agreement"),
    ],
)
def test_a_missing_part_leaves_open_what_it_decides(
    part: str, invariant: str, tmp_path: Path
) -> None:
    run = write(sound_run(), tmp_path)
    (run / part).unlink()
    if part == "history.jsonl":
        with pytest.raises(MissingPart):
            judge(run)
        return
    report = judge(run)
    assert report.verdicts[invariant].verdict is Decision.UNDECIDED
    assert any("not in the saved run" in text for text in report.verdicts[invariant].examples)
    assert not report.passed


def test_a_run_of_another_format_is_not_judged(tmp_path: Path) -> None:
    files = sound_run()
    files["run.json"][0]["format"] = 2
    with pytest.raises(UnknownFormat):
        judge(write(files, tmp_path))


def _kept(_: Files) -> None:
    """Nothing is wrong."""


def _broken(files: Files) -> None:
    files["run.json"][0]["quietAt"] = None


@pytest.mark.parametrize(("change", "code", "last"), [(_kept, 0, "kept"), (_broken, 1, "NOT KEPT")])
def test_the_command_tells_people(
    change: Callable[[Files], None],
    code: int,
    last: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = sound_run()
    change(files)
    assert main([str(write(files, tmp_path))]) == code
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == last
    assert all(any(name in line for line in told) for name in INVARIANTS)


def test_the_command_tells_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(write(sound_run(), tmp_path)), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is True
    assert told["verdicts"].keys() == INVARIANTS.keys()
    assert told["verdicts"]["I5-in-order"]["violations"] == 0


def test_where_there_is_no_run_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "run.json is not in the saved run" in capsys.readouterr().err


def test_the_readme_names_every_rule() -> None:
    text = README.read_text("utf-8")
    missing = [
        rule.name for rules in INVARIANTS.values() for rule in rules if rule.name not in text
    ]
    assert missing == []
