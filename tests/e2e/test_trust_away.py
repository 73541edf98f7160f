"""With no time-stamps nothing is certified: the copy waits, says so, and goes on by itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.applicants import Doors
from tests.copies import AskedCopy, asked, misbehave
from tests.eventually import eventually
from tests.outside_reader import read_all

CERTIFIED = "vn.motcua.certification.copy-certified.v1"
AWAY = {"kind": "down", "target": "tsa", "times": 1_000_000}


@pytest.fixture
def trust(endpoints: dict[str, Any]) -> Iterator[str]:
    url: str = endpoints["trust"]["url"]
    yield url
    misbehave(url)


def test_a_copy_waits_for_the_time_stamping_authority(
    endpoints: dict[str, Any], trust: str
) -> None:
    misbehave(trust, AWAY)
    copy = asked(Doors(endpoints))
    copy.is_ready()
    copy.approve()

    def waits() -> bool:
        return copy.read()["waitsFor"] == "time-stamp-away"

    eventually(waits, what="a copy that says what it waits for")
    assert copy.read()["state"] == "signing"
    assert not _certified(copy, endpoints)

    misbehave(trust)
    assert copy.wait_for("certified")["waitsFor"] is None
    assert len(_certified(copy, endpoints)) == 1


def _certified(copy: AskedCopy, endpoints: dict[str, Any]) -> list[str]:
    records = read_all(endpoints["kafka"], ["motcua.certification.events.v1"])
    about = [record for record in records if record.header("ce_subject") == copy.dossier_id]
    return [record.header("ce_id") for record in about if record.header("ce_type") == CERTIFIED]
