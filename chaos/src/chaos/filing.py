"""What citizens and officers do at intake."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2

from chaos.citizens import Person
from chaos.commands import Command, new_key
from chaos.journey import Abandoned, Journey
from chaos.papers import Upload
from motcua_local.demo.stories import COMPANY_FORM, COPY_FORM, JUDICIAL_RECORD_FORM

Json = dict[str, Any]

FORMS: Mapping[str, Json] = {
    "2.000488": JUDICIAL_RECORD_FORM,
    "2.001583": COMPANY_FORM,
    "2.000815": COPY_FORM,
}
"""By procedure."""
ANEW, CUT = 0.2, 0.03
"""Which share of papers is uploaded though the citizen has such a one; which uploads break off."""
BY_APPLICANT = "applicant-request"
_PATHS = {"supplement": "supplements"}


async def paper(journey: Journey, kind: str, content: Upload) -> str:
    """The file id of a paper: what was uploaded before is mostly handed in again, as people do."""
    citizen, anew = journey.citizen, journey.happens(ANEW)
    cut = journey.happens(CUT)
    async with citizen.uploading:
        if anew or kind not in citizen.files:
            citizen.files[kind] = await upload(journey, kind, content, cut=cut)
        return citizen.files[kind]


async def upload(journey: Journey, kind: str, content: Upload, *, cut: bool = False) -> str:
    """Gives back the file id."""
    command = Command(
        "upload",
        journey.citizen,
        journey.scene.doors.intake,
        f"/v1/files?name={content.name}",
        {"sha256": content.sha256, "size": len(content.content), "papersKind": kind},
        content=content.content,
        content_type=content.media_type,
        read=lambda answer: {"fileId": answer.json()["fileId"]},
        cut=cut,
    )
    answer = await journey.must(command)
    if not answer.ok:
        raise Abandoned(f"upload: {answer.why}")
    return answer.told["fileId"]


async def file(journey: Journey, procedure: str, papers: Mapping[str, str]) -> None:
    """Hand a dossier in: file ids by the kind of paper."""
    filing = {
        "procedureCode": procedure,
        "form": FORMS[procedure],
        "contact": journey.citizen.contact,
        "papers": _listed(papers),
    }
    another = {**filing, "contact": {**journey.citizen.contact, "phone": "0987654321"}}
    command = Command(
        "file",
        journey.citizen,
        journey.scene.doors.intake,
        "/v1/dossiers",
        {"procedure": procedure, "fileIds": [*papers.values()]},
        key=new_key(),
        content=json.dumps(filing).encode(),
        another=json.dumps(another).encode(),
        read=_filed,
    )
    answer = await journey.must(command)
    if not answer.ok:
        raise Abandoned(f"file: {answer.why}")
    journey.dossier_id = answer.told["dossierId"]
    journey.scene.progress.filed += 1


def _filed(answer: httpx2.Response) -> Json:
    filed = answer.json()
    return {"dossierId": filed["dossierId"], "code": filed["code"]}


async def receive(journey: Journey) -> None:
    """The one-stop officer accepts the dossier."""
    command = _about(journey, "receive", by=journey.scene.people.officer, body={})
    await journey.must(replace(command, another=b'{"unit": "P2"}'))


async def refuse(journey: Journey, reason: str) -> None:
    officer = journey.scene.people.officer
    await journey.must(_about(journey, "refuse", by=officer, body={"reasonCode": reason}))


async def hand_over(journey: Journey) -> None:
    """The officer returns the result (trả kết quả)."""
    command = _about(journey, "return", by=journey.scene.people.officer, body={"how": "online"})
    await journey.must(replace(command, another=b'{"how": "counter"}'))


async def withdraw(journey: Journey) -> None:
    body = {"reasonCode": BY_APPLICANT}
    await journey.must(_about(journey, "withdraw", by=journey.citizen, body=body))


async def supplement(journey: Journey, papers: Mapping[str, str]) -> None:
    """All that was asked for, at once."""
    command = _about(journey, "supplement", by=journey.citizen, body={"papers": _listed(papers)})
    told = {**command.told, "fileIds": [*papers.values()]}
    await journey.must(replace(command, told=told))


def _about(journey: Journey, name: str, *, by: Person, body: Json) -> Command:
    return Command(
        name,
        by,
        journey.scene.doors.intake,
        f"/v1/dossiers/{journey.id}/{_PATHS.get(name, name)}",
        {"dossierId": journey.id},
        key=new_key(),
        content=json.dumps(body).encode(),
    )


def _listed(papers: Mapping[str, str]) -> list[Json]:
    return [{"kind": kind, "fileId": file_id} for kind, file_id in papers.items()]
