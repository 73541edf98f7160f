"""Kafka is reached through the chassis: FastStream's and aiokafka's defaults lose messages.

FastStream acknowledges before the handler ran (ACK_FIRST), or commits although it failed (ACK);
aiokafka's `commit()` without offsets may pass over a message that another task still holds.
The chassis decides all of that once. Examples are outside parties and tests look from outside,
so both may use a plain client.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from gates.sources import ROOT, Finding, Source, read_sources, report

RAW_CLIENTS = frozenset({"AIOKafkaConsumer", "AIOKafkaProducer"})
RAW_DECLARATIONS = frozenset({"subscriber", "publisher"})


def check(sources: tuple[Source, ...]) -> Iterator[Finding]:
    """Every raw subscriber, publisher or client outside the chassis, the examples and tests."""
    for source in sources:
        if not _may_be_raw(source):
            yield from _raw_uses(source)


def _may_be_raw(source: Source) -> bool:
    return source.is_test or source.within("chassis", "src") or source.within("examples")


def _raw_uses(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        name = _raw_name(node)
        if name is not None:
            line = getattr(node, "lineno", 1)
            yield Finding(source.path, line, name, "raw Kafka client, use the chassis instead")


def _raw_name(node: ast.AST) -> str | None:
    """What is raw about this node: a FastStream declaration, or a client by any spelling."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if (
            name in RAW_DECLARATIONS
        ):
            return f"{name}(...)"
        case ast.alias(name=name) | ast.Attribute(attr=name) if name in RAW_CLIENTS:
            return name
        case _:
            return None


def main(root: Path = ROOT) -> int:
    """Check this tree; gives the exit code."""
    sources = read_sources(root)
    return report("raw subscribers", check(sources), summary=f"{len(sources)} files")


if __name__ == "__main__":
    sys.exit(main())
