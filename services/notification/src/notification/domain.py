"""The life of one message: reserved once, handed over at most once, never lost in silence.

The irreversible act is to hand the content to the provider. Its intent is recorded first
(`sending`), so a crash leaves either a message that is safe to try again (`claimed`) or one whose
outcome nobody here can know (`sending`): SMTP has no way to ask what became of a message.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from chassis.errors import Permanent


class State(StrEnum):
    RESERVED = "reserved"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    OUTCOME_UNKNOWN = "outcome-unknown"


class Happening(StrEnum):
    """What can happen to a message."""

    CLAIM = "claim"
    HAND_OVER = "hand-over"
    ACCEPT = "accept"
    DEFER = "defer"
    REJECT = "reject"
    LOSE = "lose"
    GIVE_UP = "give-up"
    LEASE_EXPIRE = "lease-expire"
    RESEND = "resend"


class Reason(StrEnum):
    """Why a message is where it is. A provider's own words quote addresses, so they stay out."""

    NO_RECIPIENT = "no-recipient"
    NO_ADDRESS = "no-address"
    BAD_ADDRESS = "bad-address"
    UNREADABLE_RECIPIENT = "unreadable-recipient"
    NOT_RENDERED = "not-rendered"
    SENDER_REFUSED = "sender-refused"
    RECIPIENT_REFUSED = "recipient-refused"
    CONTENT_REFUSED = "content-refused"
    CONNECTION_LOST = "connection-lost"
    ANSWER_LOST = "answer-lost"
    TIMED_OUT = "timed-out"
    PROVIDER_AWAY = "provider-away"
    STOPPED_MIDWAY = "stopped-midway"
    GAVE_UP = "gave-up"
    OPERATOR = "operator"


TRANSITIONS = MappingProxyType(
    {
        (State.RESERVED, Happening.CLAIM): State.CLAIMED,
        (State.RESERVED, Happening.GIVE_UP): State.FAILED,
        (State.CLAIMED, Happening.HAND_OVER): State.SENDING,
        (State.CLAIMED, Happening.DEFER): State.RESERVED,
        (State.CLAIMED, Happening.REJECT): State.FAILED,
        (State.CLAIMED, Happening.LEASE_EXPIRE): State.RESERVED,
        (State.SENDING, Happening.ACCEPT): State.SENT,
        (State.SENDING, Happening.DEFER): State.RESERVED,
        (State.SENDING, Happening.REJECT): State.FAILED,
        (State.SENDING, Happening.LOSE): State.OUTCOME_UNKNOWN,
        (State.SENDING, Happening.LEASE_EXPIRE): State.OUTCOME_UNKNOWN,
        # A process that was only frozen may still bring the answer: then the outcome is known.
        (State.OUTCOME_UNKNOWN, Happening.ACCEPT): State.SENT,
        (State.OUTCOME_UNKNOWN, Happening.DEFER): State.RESERVED,
        (State.OUTCOME_UNKNOWN, Happening.REJECT): State.FAILED,
        (State.OUTCOME_UNKNOWN, Happening.RESEND): State.RESERVED,
        (State.FAILED, Happening.RESEND): State.RESERVED,
    }
)
OPEN = frozenset({State.RESERVED, State.CLAIMED, State.SENDING})
LEASED = frozenset({State.CLAIMED, State.SENDING})


class NoSuchTransition(Permanent):
    """A message was asked to do what its state does not allow."""

    def __init__(self, state: State, happening: Happening) -> None:
        super().__init__("no-such-transition", f"a message that is {state} cannot {happening}")


def next_state(state: State, happening: Happening) -> State:
    try:
        return TRANSITIONS[state, happening]
    except KeyError:
        raise NoSuchTransition(state, happening) from None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one attempt, in words that may be logged."""

    happening: Happening
    reason: Reason | None = None
    reply_code: int | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a message is tried.

    RFC 5321, 4.5.4.1: 30 minutes between attempts, but sooner at first; days before giving up.
    """

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=30)
    give_up_after: timedelta = timedelta(days=3)

    def delay(self, attempts: int) -> timedelta:
        """The wait after so many attempts: doubling, up to the longest."""
        return min(self.longest, self.first * 2 ** min(attempts - 1, 16))
