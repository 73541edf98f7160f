"""A story as it is being told: each step is an event that was really seen on Kafka, or a mail."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from motcua_contracts.envelope import Event, EventData
from motcua_contracts.notification import NotificationOutcomeUnknown, NotificationSent
from motcua_local.demo.people import Person, http, patiently, sign_in
from motcua_local.demo.witness import Witness, short
from motcua_local.errors import LocalError

STEP_SECONDS = 60.0


@dataclass(frozen=True)
class Step:
    """Who did what when. `event_id` is None for what is no event."""

    who: str
    what: str
    time: str
    event: str | None = None
    event_id: str | None = None
    link: str | None = None


@dataclass(frozen=True)
class Scene:
    """The running system as an outsider sees it: the content of `endpoints.json`, a witness."""

    endpoints: Mapping[str, Any]
    witness: Witness
    keepsakes: Path
    """Where a story leaves what the next one needs, and what a person may look at."""
    kill: Callable[[str], None]
    start: Callable[[str], None]
    step_seconds: float = STEP_SECONDS
    """How long a step may be awaited."""
    unanswered_mail: bool = False
    """Whether a mail may stay of unknown outcome: only where a test kills who sends or takes it."""

    def service(self, name: str) -> str:
        return self.endpoints["services"][name]["url"]

    def person(self, key: str) -> Person:
        return sign_in(self.endpoints["identity"]["issuer"], key)

    @property
    def mail(self) -> str:
        return self.endpoints["mail"]["url"]


@dataclass
class Story:
    """One dossier's way. `tell` hears each step as it happens."""

    key: str
    title: str
    scene: Scene
    tell: Callable[[Step], None]
    dossier_id: str = ""
    code: str = ""
    steps: list[Step] = field(default_factory=list[Step])
    told: set[str] = field(default_factory=set[str])
    """Ids of the facts that the citizen was to be told."""
    failure: str | None = None
    check_url: str | None = None
    """Where anybody checks the copy that came of it."""

    @property
    def passed(self) -> bool:
        return self.failure is None

    def note(self, who: str, what: str, *, link: str | None = None) -> None:
        """Something that a person did, or that happened to the system."""
        self._add(Step(who, what, _now(), link=link))

    def see(
        self, event_type: str, who: str, what: str, *, told_as: str | None = None
    ) -> Event[EventData]:
        """Wait for an event; with `told_as`, also for the one mail about it (by template)."""
        event = self._wait(lambda event: short(event.type) == event_type, event_type)
        self._add(Step(who, what, event.time.isoformat(), event_type, event.id))
        if told_as is not None:
            self.told.add(event.id)
            self._see_mail(event, told_as)
        return event

    def never_saw(self, *prefixes: str) -> None:
        """Fail if any event whose type begins so was ever seen about this dossier."""
        events = self.scene.witness.events[self.dossier_id]
        seen = [short(event.type) for event in events if short(event.type).startswith(prefixes)]
        if seen:
            raise LocalError(f"{seen[0]} should never have happened", next_step="motcua logs")

    def _wait(self, such_that: Callable[[Event[EventData]], bool], what: str) -> Event[EventData]:
        seconds = self.scene.step_seconds
        return self.scene.witness.wait(self.dossier_id, such_that, what=what, seconds=seconds)

    def _see_mail(self, fact: Event[EventData], template: str) -> None:
        """Wait until the mail about a fact is handed over, or of unknown outcome if that may be."""

        def is_about(event: Event[EventData]) -> bool:
            match event.data:
                case NotificationSent() as outcome:
                    return outcome.fact_event_id == fact.id
                case NotificationOutcomeUnknown() as outcome:
                    return self.scene.unanswered_mail and outcome.fact_event_id == fact.id
                case _:
                    return False

        told = self._wait(is_about, f"mail about {short(fact.type)}")
        known = isinstance(told.data, NotificationSent)
        what = f"mail handed over: {template}" if known else f"mail, outcome unknown: {template}"
        step = Step("notification", what, told.time.isoformat(), short(told.type), told.id)
        self._add(replace(step, link=self.scene.mail))

    def one_mail_per_fact(self, applicant: Person) -> None:
        """Each fact told was handed over as one mail, and these lie in the applicant's box, once
        each; the box has no other mail about this dossier.
        """
        sent = self._mails(NotificationSent)
        unknown = self._mails(NotificationOutcomeUnknown) if self.scene.unanswered_mail else {}
        search = {"to": applicant.mail_address, "subject": self.code}
        found = patiently(partial(http().get, f"{self.scene.mail}/messages", params=search)).json()
        box = Counter(mail["headers"]["Message-ID"].strip("<").split("@")[0] for mail in found)
        possible = Counter((unknown | sent).values())
        if (unknown | sent).keys() != self.told or not Counter(sent.values()) <= box <= possible:
            raise LocalError(
                f"{len(found)} mails for {len(self.told)} facts, {len(sent)} of them handed over",
                next_step=f"look at {self.scene.mail}",
            )
        self.note(applicant.key, f"has {len(found)} mails, one per fact", link=self.scene.mail)

    def _mails(self, kind: type[NotificationSent | NotificationOutcomeUnknown]) -> dict[str, str]:
        """Ids of the messages of which such a thing was said, by the fact that they tell."""
        said = [event.data for event in self.scene.witness.events[self.dossier_id]]
        return {data.fact_event_id: data.message_id for data in said if isinstance(data, kind)}

    def report(self) -> dict[str, Any]:
        return {
            "story": self.key,
            "title": self.title,
            "dossierId": self.dossier_id,
            "code": self.code,
            "passed": self.passed,
            "failure": self.failure,
            "checkUrl": self.check_url,
            "steps": [_as_json(step) for step in self.steps],
        }

    def _add(self, step: Step) -> None:
        self.steps.append(step)
        self.tell(step)


def _as_json(step: Step) -> dict[str, str | None]:
    return {
        "who": step.who,
        "what": step.what,
        "time": step.time,
        "event": step.event,
        "eventId": step.event_id,
        "link": step.link,
    }


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
