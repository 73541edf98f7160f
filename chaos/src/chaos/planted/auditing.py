"""A way to audit wrongly."""

from collections.abc import Mapping
from typing import Any, cast

import asyncpg

from chassis.relay import Hash


def believe_the_row(previous: Hash, position: int, row: Mapping[str, Any] | asyncpg.Record) -> Hash:
    """The audit computes no hash of the rows: whoever alters one is not found out. (I6)"""
    del previous, position
    return cast("Hash", row["hash"])
