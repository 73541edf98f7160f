"""Why a record cannot be read: reasons to count by, messages that say what to do.

No message repeats what stood in the record: it may hold what should not be in a log.
"""

from enum import StrEnum


class Reason(StrEnum):
    """What is wrong with a record; stable, fit for a metric's label."""

    NULL_KEY = "null-key"
    EMPTY_KEY = "empty-key"
    KEY_NOT_UTF8 = "key-not-utf8"
    KEY_NOT_UUID = "key-not-uuid"
    KEY_NOT_SUBJECT = "key-not-subject"
    MISSING_HEADER = "missing-header"
    REPEATED_HEADER = "repeated-header"
    NULL_HEADER = "null-header"
    HEADER_NOT_UTF8 = "header-not-utf8"
    BAD_HEADER = "bad-header"
    WRONG_CONTENT_TYPE = "wrong-content-type"
    WRONG_ORIGIN = "wrong-origin"
    NO_BODY = "no-body"
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    BODY_NOT_UTF8 = "body-not-utf8"
    BODY_NOT_JSON = "body-not-json"
    BAD_DATA = "bad-data"
    WRONG_SUBJECT = "wrong-subject"
    UNKNOWN_TYPE = "unknown-type"
    NEWER_MAJOR = "newer-major"


class UndecodableRecord(Exception):  # noqa: N818 - a refusal is an outcome, not a fault of ours
    """A record that cannot become an event. Set it aside; never skip it in silence."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class MalformedRecord(UndecodableRecord):
    """The record breaks the contract: its writer has to mend it."""


class UnknownType(UndecodableRecord):
    """The record follows the envelope, but this version of the contracts lacks its type."""


class NewerMajor(UndecodableRecord):
    """The type is known in an older major version only: upgrade motcua-contracts."""
