from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from notification.facts import TOLD
from notification.templates import (
    Catalogue,
    Template,
    TemplateBroken,
    TemplateMissing,
    as_date,
    as_money,
    as_time,
    load_catalogue,
)
from notification.words import Words, load_words

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def template(version: int, valid_from: datetime, body: str = "b") -> Template:
    return Template(
        id="greeting",
        version=version,
        fact="greeted",
        valid_from=valid_from,
        subject="s",
        body=body,
    )


def test_times_are_told_as_in_vietnam() -> None:
    late = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
    assert as_time(late) == "03/03/2026 00:30"
    assert as_date(late) == "03/03/2026"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0 ₫"), (999, "999 ₫"), (200_000, "200.000 ₫"), (999_999_999_999, "999.999.999.999 ₫")],
)
def test_money_has_dots_and_the_sign_of_the_dong(amount: int, text: str) -> None:
    assert as_money(amount).replace("\N{NO-BREAK SPACE}", " ") == text


def test_every_fact_that_is_told_has_a_template_that_is_valid() -> None:
    load_catalogue().require((fact.type for fact in TOLD), at=NEW_YEAR)


def test_a_fact_without_template_is_an_error_that_names_it() -> None:
    with pytest.raises(TemplateMissing, match="forgotten at 2026-01-01: add one"):
        load_catalogue().require(["forgotten"], at=NEW_YEAR)


def test_the_newest_version_counts_from_the_day_it_is_valid() -> None:
    second = NEW_YEAR + timedelta(days=30)
    catalogue = Catalogue([template(1, NEW_YEAR), template(2, second)], Words({}))
    assert catalogue.pick("greeted", at=second - timedelta(seconds=1)).version == 1
    assert catalogue.pick("greeted", at=second).version == 2


def test_before_its_first_day_there_is_no_template() -> None:
    catalogue = Catalogue([template(1, NEW_YEAR)], Words({}))
    with pytest.raises(TemplateMissing):
        catalogue.pick("greeted", at=NEW_YEAR - timedelta(seconds=1))


def test_a_version_in_use_must_not_disappear() -> None:
    with pytest.raises(TemplateMissing, match="greeting v1 is in use but not here"):
        Catalogue([], Words({})).get("greeting", 1)


@pytest.mark.parametrize(
    "body",
    [
        "{{ nobody }}",
        "{{ 1 | date }}",
        "{{ broken",
        "{{ none.name }}",
        "{{ name | word('no-such-kind', 'vi') }}",
        "{{ [].index(name) }}",
        "{{ name | money }}",
    ],
)
def test_a_template_that_cannot_be_filled_is_an_error_that_quotes_nobody(body: str) -> None:
    broken = template(1, NEW_YEAR, body)
    with pytest.raises(TemplateBroken, match="greeting v1 cannot be filled") as error:
        Catalogue([broken], Words({})).render(broken, {"none": None, "name": "Đào"})
    assert "Đào" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("greeting.v1.yaml", "id: greeting", "is not a template"),
        ("greeting.v1.yaml", "{", "is not a template"),
        (
            "hello.v1.yaml",
            "{id: a, version: 2, fact: f, valid_from: 2026-01-01T00:00:00Z, subject: s, body: b}",
            "holds a v2: rename it",
        ),
    ],
)
def test_a_file_that_is_no_template_is_refused(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(TemplateBroken, match=f"{name} {problem}"):
        load_catalogue(tmp_path)


def test_a_code_without_a_word_stands_for_itself() -> None:
    words = load_words()
    assert words.say("phi", "obligation", "vi") == "Phí"
    assert words.say("phi", "obligation", "en") == "Charge"
    assert words.say("brand-new", "obligation", "vi") == "brand-new"
