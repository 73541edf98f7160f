"""The report of a run says what became of it, to machines and to people, without a network."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chaos import report
from chaos.schedule import SECONDS

from .synthetic_run import judgement, saved

FIELDS = [
    "seed",
    "commit",
    "minutes",
    "dossiers",
    "kills",
    "faults",
    "lost",
    "duplicated",
    "reordered",
    "stuck",
    "unknown",
    "recovery_seconds",
    "invariants",
]


class Seen(HTMLParser):
    """What a reader's program finds in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "xlink:href", "src"}:
                self.references.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def folder(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the report of a run that kept every promise lies."""
    folder = tmp_path_factory.mktemp("report")
    report.write(run, judgement(), folder=folder)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("run"), minutes=10)


def test_the_report_for_machines_has_every_promised_field(folder: Path) -> None:
    told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert set(FIELDS) <= set(told)
    assert told["seed"] == 42
    assert told["notRun"] == {"network-one-way": "nftables needs root, and this is not root"}
    assert told["invariants"]["I10-authority"] == "holds"
    assert told["machine"]["cores"] >= 1


def test_kills_and_faults_are_counted_from_the_history(run: Path) -> None:
    told = report.summary(report.SavedRun.read(run), judgement())
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    struck = Counter(line["fault"] for line in lines if line["kind"] == "fault")
    assert told["kills"] == sum(struck[kind] for kind in report.KILLS) > 0
    assert told["faults"] == {**struck, "double-submit": 1, "forged-ipn": 1, "upload-cut": 1}


def test_recovery_is_told_as_median_and_longest_of_each_kind(run: Path) -> None:
    saved_run = report.SavedRun.read(run)
    took = saved_run.recoveries["kill"]
    told = report.summary(saved_run, judgement())["recovery_seconds"]["kill"]
    assert told["max"] == pytest.approx(max(took), abs=0.05)
    assert min(took) <= told["p50"] <= max(took)


def test_the_page_needs_no_network_and_names_nothing_twice(folder: Path) -> None:
    seen = Seen((folder / "report.html").read_text(encoding="utf-8"))
    assert seen.references
    assert all(reference.startswith("#") for reference in seen.references)
    assert {reference[1:] for reference in seen.references} <= set(seen.ids)
    assert [name for name, n in Counter(seen.ids).items() if n > 1] == []


def test_the_page_takes_all_its_colours_from_the_page(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    drawings = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    used = set(re.findall(r"var\(--([a-z]+)\)", page))
    assert re.findall(r"#[0-9a-f]{6}\b", drawings) == []
    assert used <= set(re.findall(r"--([a-z]+):", page))


def test_every_violation_is_shown_with_its_examples(run: Path, tmp_path: Path) -> None:
    report.write(run, judgement(I4="violated", I8="undecided"), folder=tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    text = Seen(page).text
    assert "Not kept: I4-told-once" in text
    assert "✗ violated" in text
    assert "? undecided" in text
    assert "4 files, <3> lie in the store & one is missing" in text
    assert "<3>" not in page


def test_the_page_says_what_was_not_run_and_how_to_run_it_again(folder: Path) -> None:
    text = Seen((folder / "report.html").read_text(encoding="utf-8")).text
    assert "nftables needs root" in text
    assert "make chaos SEED=42 MINUTES=10 DOSSIERS=5000 BROKERS=3" in text


def test_what_the_run_was_too_short_for_is_not_told_as_run(run: Path) -> None:
    told = report.summary(report.SavedRun.read(run), judgement())
    known = {*told["faults"], *told["notRun"], *told["notReached"]}
    assert {"kill", *SECONDS} <= known
    assert not set(told["faults"]) & set(told["notReached"])


def test_a_seed_is_written_out_in_full() -> None:
    facts = {"seed": 987654321, "minutes": 15.0, "brokers": 1}
    assert report.again(facts) == "make chaos SEED=987654321 MINUTES=15"


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ({}, "All 10 invariants hold"),
        ({"I3": "undecided"}, "nothing was there to decide I3-certified-once"),
        ({"I3": "undecided", "I9": "violated"}, "Not kept: I9-liveness"),
    ],
)
def test_the_headline_never_calls_undecided_kept(
    run: Path, verdicts: dict[str, str], says: str
) -> None:
    told = report.summary(report.SavedRun.read(run), judgement(**verdicts))
    assert says in report.headline(told)
