"""The process that prepares copies: `python -I -m certification.preparing_worker <socket>`. It
reads what strangers sent, so it knows no secret and has bounded memory.
"""

import resource

import structlog

from certification.lines import Ready, Talk, main
from certification.preparing import prepare
from certification.signing_jobs import Answer, Prepare

_MOST_MEMORY = 1024 * 1024 * 1024

log = structlog.get_logger(__name__)


async def work(talk: Talk) -> None:
    for kind, most in ((resource.RLIMIT_AS, _MOST_MEMORY), (resource.RLIMIT_NPROC, 0)):
        resource.setrlimit(kind, (most, most))
    await talk.say(Ready())
    while line := await talk.hear():
        await talk.say(_answer(Prepare.model_validate_json(line)))


def _answer(job: Prepare) -> Answer:
    try:
        return Answer(sha256=prepare(job.clean, job.target, job.attestation))
    except Exception as error:
        log.exception("a copy could not be prepared")
        return Answer(bug=type(error).__name__)


if __name__ == "__main__":
    main(work)
