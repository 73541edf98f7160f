"""The process that holds the keys: `python -I -m certification.signing_worker <socket>`."""

from datetime import UTC, datetime

import structlog

from certification.key_files import KeyFiles
from certification.keys import KeyStore
from certification.lines import Ready, Talk, main
from certification.pades import Pades, Terms
from certification.pkcs11_keys import TokenKeys
from certification.ports import Hindered
from certification.signing_jobs import SIGNING_JOBS, Answer, SigningJob, Station, TellCertificates
from certification.trust import Trust

log = structlog.get_logger(__name__)


async def work(talk: Talk) -> None:
    if greeting := await talk.hear():
        station = Station.model_validate_json(greeting)
        async with Pades(_keys(station), _terms(station), _now) as pades:
            await talk.say(Ready())
            while line := await talk.hear():
                await talk.say(await _answer(pades, SIGNING_JOBS.validate_json(line)))


def _keys(station: Station) -> KeyStore:
    if station.kind == "files":
        return KeyFiles(station.place, station.secret)
    return TokenKeys(str(station.place), station.token, station.secret)


def _terms(station: Station) -> Terms:
    return Terms(
        level=station.level,
        tsa_url=station.tsa_url,
        trust=Trust.read(station.trust_roots),
        seal_key=station.seal_key,
        agency=station.agency,
        appearances=station.appearances,
        request_seconds=station.request_seconds,
    )


def _now() -> datetime:
    return datetime.now(UTC)


async def _answer(pades: Pades, job: SigningJob) -> Answer:
    try:
        if isinstance(job, TellCertificates):
            hand, seal = pades.keys(job.person)
            return Answer(certificates=(hand.described(), seal.described()))
        signed = await pades.sign(job.prepared, job.target, job.person, recorded=job.recorded)
        return Answer(signed=signed)
    except Hindered as hindered:
        return Answer(hindrance=hindered.hindrance, message=str(hindered))
    except Exception as error:
        log.exception("a copy could not be signed")
        return Answer(bug=type(error).__name__)


if __name__ == "__main__":
    main(work)
