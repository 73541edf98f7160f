"""The unit of work of notification: what happens to messages, their history and their facts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chassis import correlation
from chassis.clock import uuid7
from chassis.correlation import Correlation
from chassis.work import Transaction, Work
from motcua_contracts.dossier import DossierRecipients
from motcua_contracts.envelope import Event, EventData
from notification import metrics
from notification.domain import Answer, Happening, Patience, Reason, State, next_state
from notification.facts import announcement, code_of, to_json
from notification.models import Attempt, Message, Recipient
from notification.repository import Attempts, Due, Messages, Recipients
from notification.templates import Catalogue


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides about messages, the same for every unit of work."""

    catalogue: Catalogue
    patience: Patience
    provider: str


@dataclass(frozen=True, slots=True)
class Intervention:
    """What an operator did to a message, and why."""

    operator: str
    why: str


class NotificationWork(Work):
    """One transaction over recipients, messages and their attempts.

    `wake` is called after a commit that left something to send.
    """

    def __init__(self, transaction: Transaction, *, rules: Rules, wake: Callable[[], None]) -> None:
        super().__init__(transaction)
        self.recipients = self.repository(Recipients)
        self.messages = self.repository(Messages)
        self.attempts = self.repository(Attempts)
        self._rules = rules
        self._wake = wake
        self._moved: list[Message] = []
        self._duplicates = 0
        self._to_send = False

    async def preload(self, events: Sequence[Event[EventData]]) -> None:
        """Read what the handlers ask for: known recipients, and facts that have a message."""
        contacts = [e.subject for e in events if isinstance(e.data, DossierRecipients)]
        await self.recipients.load(contacts)
        if len(contacts) < len(events):
            await self.messages.load_told([event.id for event in events])
            await self.messages.load_codes({e.subject for e in events if not code_of(e.data)})

    def meet(self, event: Event[DossierRecipients], known: Recipient | None) -> None:
        """Keep whom to tell, as encrypted as it came."""
        fact = event.data
        recipient = Recipient(
            dossier_id=fact.dossier_id,
            recipient_id=fact.recipient_id,
            ciphertext=fact.ciphertext,
            key_id=fact.key_id,
            sequence=event.sequence,
            received_at=event.time,
        )
        if known:
            known.sqlmodel_update(recipient)
        else:
            self.recipients.add(recipient)
        self._to_send = True  # messages may have waited for it

    def reserve(self, event: Event[EventData]) -> None:
        """Keep a message about a fact; its text is settled here, its recipient when it leaves."""
        if self.messages.is_told(event.id):
            self._duplicates += 1
            return
        template = self._rules.catalogue.pick(event.type, at=self.now)
        cause = correlation.current()
        message = Message(
            id=str(uuid7()),
            fact_event_id=event.id,
            fact_type=event.type,
            fact=to_json(event.data),
            dossier_id=event.subject,
            dossier_code=self.messages.code_of(event.subject),
            template=template.id,
            template_version=template.version,
            reserved_at=self.now,
            changed_at=self.now,
            give_up_at=self.now + self._rules.patience.give_up_after,
            correlation_id=cause.correlation_id,
            traceparent=cause.traceparent,
        )
        self.messages.add(message)
        self._moved.append(message)

    async def claim(self, limit: int, *, lease: timedelta) -> list[Due]:
        """Take messages that are due; they are ours until the lease ends."""
        dues = await self.messages.take_due(limit, now=self.now)
        for due in dues:
            self._move(due.message, Happening.CLAIM)
            due.message.claim = str(uuid7())
            due.message.attempts += 1
            due.message.lease_until = due.database_time + lease
        return dues

    async def hand_over(self, message: Message, *, lease: timedelta) -> None:
        """Record that the content is about to leave. Raises `ClaimLost` if it may not."""
        claimed_as = State(message.state)
        self._move(message, Happening.HAND_OVER)
        await self.messages.hand_over(message, claimed_as, lease=lease)

    async def settle(self, message: Message, answer: Answer) -> None:
        """Record what became of an attempt. Raises `ClaimLost` if it no longer matters."""
        self.record(await self.messages.take_claimed(message), answer)

    def record(self, message: Message, answer: Answer, by: Intervention | None = None) -> None:
        """Change a message, write its history and announce it: one thing, never two."""
        self._move(message, answer.happening)
        message.reason, message.reply_code = answer.reason, answer.reply_code
        message.lease_until = None
        if message.state != State.OUTCOME_UNKNOWN:
            message.claim = None
        if answer.happening is Happening.DEFER:
            self._postpone(message, answer)
        if answer.reason is not Reason.PROVIDER_AWAY:
            self.attempts.add(self._attempt(message, answer, by))
        self._announce(message)

    def renew(self, message: Message, by: Intervention) -> None:
        """Let a message that came to its end be sent again, as an operator wants it."""
        self.record(message, Answer(Happening.RESEND, Reason.OPERATOR), by)
        message.due_at = None
        message.give_up_at = self.now + self._rules.patience.give_up_after

    def _move(self, message: Message, happening: Happening) -> None:
        message.state = next_state(State(message.state), happening)
        message.changed_at = self.now
        self._moved.append(message)

    def _postpone(self, message: Message, answer: Answer) -> None:
        if answer.reason is Reason.PROVIDER_AWAY:
            message.attempts -= 1  # nothing was attempted
        delay = self._rules.patience.delay(max(message.attempts, 1))
        message.due_at = self.now + delay

    def _attempt(self, message: Message, answer: Answer, by: Intervention | None) -> Attempt:
        return Attempt(
            id=str(uuid7()),
            message_id=message.id,
            number=message.attempts,
            happened_at=self.now,
            happening=answer.happening,
            reason=answer.reason,
            reply_code=answer.reply_code,
            operator=by.operator if by else None,
            why=by.why if by else None,
        )

    def _announce(self, message: Message) -> None:
        fact = announcement(message, provider=self._rules.provider)
        if fact is not None:
            cause = Correlation(message.correlation_id, message.fact_event_id, message.traceparent)
            with correlation.bound(cause):
                self.announce(fact)

    def committed(self) -> None:
        """Count what is now true, and wake the dispatcher for what can be sent."""
        super().committed()
        metrics.DUPLICATES.inc(self._duplicates)
        for message in self._moved:
            metrics.MESSAGES.labels(message.state, message.template, message.reason or "").inc()
        if self._to_send or any(self._can_be_sent(message) for message in self._moved):
            self._wake()

    def _can_be_sent(self, message: Message) -> bool:
        due = message.due_at is None or message.due_at <= self.now
        return message.state == State.RESERVED and due
