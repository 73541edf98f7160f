"""Why a copy is refused, revoked or replaced: closed lists, whose words others hold."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from certification import check_views
from certification.domain import DOSSIER_ENDED, REASONS, CopyState, CopyStep, require_reason
from certification.refusals import UnknownReason

from .scene import Scene, problem

SERVICES = Path(__file__).parents[2]
ALL = {DOSSIER_ENDED, *(code for codes in REASONS.values() for code in codes)}


def read(path: str) -> Any:
    return yaml.safe_load((SERVICES / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("code", sorted(ALL))
def test_notification_has_words_for_it(code: str):
    words = read("notification/src/notification/words.yaml")["reason"][code]
    assert set(words) == {"vi", "en"}


@pytest.mark.parametrize("code", sorted({*REASONS[CopyStep.REVOKE], DOSSIER_ENDED}))
def test_the_public_check_says_it_in_the_same_words(code: str):
    words = read("notification/src/notification/words.yaml")["reason"][code]
    assert words == {"vi": check_views.REASONS[code].vi, "en": check_views.REASONS[code].en}


@pytest.mark.parametrize("code", REASONS[CopyStep.REFUSE])
def test_intake_refuses_and_stops_a_dossier_for_it(code: str):
    procedure = read("intake/src/intake/procedures/2.000815-v1.yaml")
    [uses] = [reason["uses"] for reason in procedure["reasons"] if reason["code"] == code]
    assert {"refusal", "stop"} <= set(uses)


@pytest.mark.parametrize("taken", REASONS)
def test_each_use_has_its_reasons_and_no_others(taken: CopyStep):
    for code in ALL | {"eaten-by-the-dog"}:
        if code in REASONS[taken]:
            require_reason(code, taken)
        else:
            with pytest.raises(UnknownReason) as refused:
                require_reason(code, taken)
            assert refused.value.members == {"allowed": list(REASONS[taken])}


async def test_who_gives_an_unknown_reason_is_told_the_known_ones(scene: Scene):
    ready, certified = await scene.ready(), await scene.certified()
    for answer in (
        await scene.decide(ready, "refusal", "original-forged"),
        await scene.decide(certified, "revocation", "original-erased"),
        await scene.replace(certified, "original-forged"),
    ):
        assert problem(answer) == (422, "unknown-reason")
        for known in answer.json()["allowed"]:
            assert known in answer.json()["detail"]
    assert (await scene.copy(ready)).state is CopyState.READY
    assert (await scene.copy(certified)).state is CopyState.CERTIFIED
