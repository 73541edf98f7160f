"""The public link of a copy and its check code: drawn at random, read by people from paper.

Crockford's base32 in lower case has no letter that looks like a digit.
"""

import re
import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LINK_PATTERN = f"[{_ALPHABET}]{{12}}"
_LOOKALIKES = str.maketrans("oil", "011", " -")


def new_link() -> str:
    """60 bits: nobody finds a copy by trying."""
    return _draw(12)


def new_code() -> str:
    """40 bits, beside a link that is known: enough with a limit on trying."""
    return _draw(8)


def is_link(text: str) -> bool:
    """Whether it may be the link of a copy; anything else leads nowhere."""
    return re.fullmatch(LINK_PATTERN, text) is not None


def as_typed(text: str) -> str:
    """A link or code as it was meant by who typed it: `O` for 0, `I` and `l` for 1, dashes."""
    return text.strip().lower().translate(_LOOKALIKES)


def _draw(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
