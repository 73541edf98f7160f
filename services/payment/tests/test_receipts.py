"""Receipts: what stands on them, and amounts a clerk would read aloud."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment.receipts import (
    CollectingAgency,
    ReceiptFacts,
    ReceiptLine,
    amount_in_words,
    dong,
    receipt_serial,
    render,
)

FACTS = ReceiptFacts(
    template="01BLP0-001",
    serial="BI-26T",
    number=42,
    agency=CollectingAgency(name="Sở Tư pháp <Ninh Bình> & đơn vị", tax_code="2700000000"),
    dossier_code="H42.10-20261125-0001",
    lines=[ReceiptLine(name="Phí cung cấp thông tin lý lịch tư pháp", amount=200_000)],
    gateway="vnpay",
    transaction_id="14422574",
    paid_at=datetime(2026, 12, 31, 17, 30, tzinfo=UTC),
)

_UNITS = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5,
    "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "linh": 0,
}  # fmt: skip


def read_aloud(words: str) -> int:
    """What a listener understands: an independent reading, left to right."""
    total = group = last = 0
    for word in words.lower().removesuffix(" đồng").split():
        match word:
            case "mười":
                group, last = group + 10, 0
            case "mươi":
                group, last = group + last * 9, 0
            case "trăm":
                group, last = group + last * 99, 0
            case "nghìn" | "triệu":
                total, group, last = total + group * {"nghìn": 10**3, "triệu": 10**6}[word], 0, 0
            case "tỷ":
                total, group, last = (total + group) * 10**9, 0, 0
            case _:
                last = _UNITS[word]
                group += last
    return total + group


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "Không đồng"),
        (10, "Mười đồng"),
        (15, "Mười lăm đồng"),
        (21, "Hai mươi mốt đồng"),
        (24, "Hai mươi tư đồng"),
        (105, "Một trăm linh năm đồng"),
        (200_000, "Hai trăm nghìn đồng"),
        (1_005, "Một nghìn không trăm linh năm đồng"),
        (10_014, "Mười nghìn không trăm mười bốn đồng"),
        (2_050_000, "Hai triệu không trăm năm mươi nghìn đồng"),
        (1_000_000_001, "Một tỷ không trăm linh một đồng"),
        (5_000_000_000_000, "Năm nghìn tỷ đồng"),
    ],
)
def test_amounts_are_written_as_a_clerk_reads_them(amount: int, words: str):
    assert amount_in_words(amount) == words


@given(st.integers(min_value=0, max_value=10**15))
def test_a_listener_understands_the_amount_that_was_written(amount: int):
    assert read_aloud(amount_in_words(amount)) == amount


@given(st.integers(min_value=0, max_value=10**12), st.integers(min_value=0, max_value=10**12))
def test_no_two_amounts_share_their_words(one: int, other: int):
    assert (amount_in_words(one) == amount_in_words(other)) == (one == other)


@given(st.integers(min_value=0, max_value=10**15))
def test_figures_are_grouped_by_points(amount: int):
    assert int(dong(amount).removesuffix(" ₫").replace(".", "")) == amount


def test_a_receipt_is_well_formed_and_names_everything_the_law_asks_for():
    document = render(FACTS).document
    text = " ".join(ElementTree.fromstring(document).itertext())
    for part in (
        "01BLP0-001",
        "BI-26T",
        "0000042",
        "2700000000",
        "H42.10-20261125-0001",
        "14422574",
    ):
        assert part in text
    assert "Sở Tư pháp <Ninh Bình> & đơn vị" in text
    assert "200.000 ₫" in text
    assert "Hai trăm nghìn đồng" in text
    assert "01/01/2027 00:30:00" in text


def test_the_same_facts_give_the_same_bytes_and_their_digest():
    receipt = render(FACTS)
    assert render(FACTS) == receipt
    assert receipt.sha256 == sha256(receipt.document.encode()).hexdigest()
    assert render(replace(FACTS, number=43)).sha256 != receipt.sha256


def test_the_serial_is_of_the_year_in_vietnam():
    assert receipt_serial("BI", FACTS.paid_at) == "BI-27T"
