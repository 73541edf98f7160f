"""The kinds of journeys: what people do with a dossier, from filing to its end."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from chaos import copying, filing, papers, paying
from chaos.journey import Abandoned, Journey

RECORD, COMPANY, COPY = "2.000488", "2.001583", "2.000815"
REGISTERED, REFUSED, SUPPLEMENT, WITHDRAWN, COMPLETED, RETURNED = 1, 3, 5, 7, 9, 10
"""National statuses of a dossier."""
_CLOSED = ("refunding", "closed", "expired")
"""States of an order for which nobody can pay any more."""

TYPED = 0.1
"""Which share of identity cards is a PDF."""

Ending = str
Plot = Callable[[Journey], Awaitable[Ending]]


class Kind(NamedTuple):
    """A kind of journey: how many of a hundred or so are of it, and how it goes. Of two plots the
    second is another dossier of the same citizen, once the first has ended.
    """

    share: int
    plots: tuple[Plot, ...]


async def record(journey: Journey) -> Ending:
    """A judicial record certificate, as it should be."""
    await _file_record(journey)
    await paying.pay(journey)
    return await _received_and_returned(journey)


async def record_cancelled_first(journey: Journey) -> Ending:
    """Thought better of it at the gateway, and paid after all."""
    await _file_record(journey)
    await paying.pay(journey, cancel_first=True)
    return await _received_and_returned(journey)


async def record_withdrawn_unpaid(journey: Journey) -> Ending:
    """Never paid, at times not even waited for the order."""
    hasty = journey.happens(0.5)
    await _file_record(journey)
    if not hasty:
        await journey.order("open")
    return await _withdrawn(journey)


async def record_withdrawn_paid(journey: Journey) -> Ending:
    """Paid, then withdrawn: the money goes back."""
    await _file_record(journey)
    await paying.pay(journey)
    return await _withdrawn(journey)


async def record_withdrawn_while_paying(journey: Journey) -> Ending:
    """In one tab the payment, in the other the withdrawal."""
    pause = journey.chance.uniform(0.0, 1.5)
    await _file_record(journey)
    await journey.order("open", *_CLOSED)
    _, ending = await asyncio.gather(paying.pay(journey), _withdrawn(journey, after=pause))
    return ending


async def record_withdrawn_at_the_desk(journey: Journey) -> Ending:
    """The officer receives it while its applicant withdraws it."""
    await _file_record(journey)
    await paying.pay(journey)
    await journey.dossier(REGISTERED)
    await asyncio.gather(*map(_tried, (filing.receive(journey), filing.withdraw(journey))))
    if (await journey.dossier(WITHDRAWN, COMPLETED)).status == COMPLETED:
        return await _returned(journey)
    await journey.order(*_CLOSED)
    return "withdrawn"


async def record_refused(journey: Journey) -> Ending:
    """The office does not accept it; the money goes back."""
    await _file_record(journey)
    await paying.pay(journey)
    await journey.dossier(REGISTERED)
    await filing.refuse(journey, "wrong-agency")
    await journey.dossier(REFUSED)
    await journey.order(*_CLOSED)
    return "refused"


async def registration(journey: Journey) -> Ending:
    """A company is registered: two papers, no fee online, one supplement."""
    identity = papers.photographed(f"owner {journey.citizen.name}")
    return await _registered(journey, await filing.paper(journey, "owner-identity", identity))


async def registration_with_copy(journey: Journey) -> Ending:
    """The certified copy proves who the owner of a company is."""
    certified = await copying.fetch(journey, journey.copy_id)
    return await _registered(journey, await filing.upload(journey, "owner-identity", certified))


async def copy(journey: Journey) -> Ending:
    """A passport is copied and the copy certified."""
    await _ready(journey)
    await copying.approve(journey, journey.copy_id)
    await journey.copy("certified")
    await journey.dossier(RETURNED)
    return "returned"


async def copy_withdrawn(journey: Journey) -> Ending:
    """Scanned and paid, and then nobody wants it."""
    await _ready(journey)
    return await _withdrawn(journey)


KINDS: Mapping[str, Kind] = {
    "record": Kind(36, (record,)),
    "record-cancelled-first": Kind(6, (record_cancelled_first,)),
    "record-withdrawn-unpaid": Kind(12, (record_withdrawn_unpaid,)),
    "record-withdrawn-paid": Kind(8, (record_withdrawn_paid,)),
    "record-withdrawn-while-paying": Kind(9, (record_withdrawn_while_paying,)),
    "record-withdrawn-at-the-desk": Kind(2, (record_withdrawn_at_the_desk,)),
    "record-refused": Kind(8, (record_refused,)),
    "registration": Kind(13, (registration,)),
    "copy": Kind(2, (copy,)),
    "copy-then-registration": Kind(1, (copy, registration_with_copy)),
    "copy-withdrawn": Kind(1, (copy_withdrawn,)),
}
"""What costs much is rare: a signature takes the system as long as three dossiers, an agency's
result as long as a withdrawal.
"""


def drawn(chance: random.Random) -> str:
    """The kind of the next journey."""
    return chance.choices([*KINDS], [kind.share for kind in KINDS.values()])[0]


async def _file_record(journey: Journey) -> None:
    title = f"identity card of {journey.citizen.name}"
    content = papers.typed(title) if journey.happens(TYPED) else papers.photographed(title)
    card = await filing.paper(journey, "identity-card", content)
    await filing.file(journey, RECORD, {"identity-card": card})


async def _received_and_returned(journey: Journey) -> Ending:
    await journey.dossier(REGISTERED)
    await filing.receive(journey)
    await journey.dossier(COMPLETED)
    return await _returned(journey)


async def _returned(journey: Journey) -> Ending:
    await filing.hand_over(journey)
    await journey.dossier(RETURNED)
    return "returned"


async def _registered(journey: Journey, owner_identity: str) -> Ending:
    charter = papers.typed(f"charter of {journey.citizen.name}")
    handed = {
        "charter": await filing.paper(journey, "charter", charter),
        "owner-identity": owner_identity,
    }
    await filing.file(journey, COMPANY, handed)
    await filing.receive(journey)
    wanted: list[str] = json.loads((await journey.dossier(SUPPLEMENT)).papers_wanted)
    better = papers.typed(f"better charter of {journey.citizen.name}")
    await filing.supplement(
        journey, {kind: await filing.paper(journey, kind, better) for kind in wanted}
    )
    await journey.dossier(COMPLETED)
    return await _returned(journey)


async def _ready(journey: Journey) -> None:
    """A copy that only waits for its signature."""
    await filing.file(journey, COPY, {})
    await journey.copy(None)
    scan = papers.typed(f"passport of {journey.citizen.name}")
    journey.copy_id = await copying.request_copy(journey, scan)
    await paying.pay(journey)
    await journey.copy("ready")


async def _tried(step: Awaitable[None]) -> None:
    """Somebody else may be quicker."""
    with suppress(Abandoned):
        await step


async def _withdrawn(journey: Journey, *, after: float = 0.0) -> Ending:
    """Its applicant takes it back, and nobody can pay for it any more."""
    await asyncio.sleep(after)
    await filing.withdraw(journey)
    await journey.dossier(WITHDRAWN)
    await journey.order(*_CLOSED)
    return "withdrawn"
