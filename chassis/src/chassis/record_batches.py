"""Reads every record that a broker accepts, where aiokafka would stop a partition for ever.

A broker takes any bytes as a header's name; aiokafka raises on a name that is not UTF-8, in each
fetch anew. Such a batch is read a second time, more slowly, with the name's odd bytes escaped.

A damaged batch ends the process at once. aiokafka has dropped by then what it read in the same
poll, also of other partitions, and their positions are behind it; FastStream would poll on, and
the next commit would pass over those records.
"""
# ruff: noqa: ANN401 - what aiokafka calls these is private to it
# pyright: reportPrivateUsage=false, reportIncompatibleMethodOverride=false

from collections.abc import Iterator
from typing import Any

from aiokafka.errors import KafkaError
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

from chassis import health


class Tolerant(bytearray):
    """Bytes of a record, whose text is read whatever it is."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return Tolerant(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, "backslashreplace")


class TolerantBatch(_DefaultRecordBatchPy):  # pyright: ignore[reportGeneralTypeIssues] - final
    """A batch read in Python, with what is not UTF-8 in a header's name as `\\xff`."""

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = Tolerant(self._buffer)


class FetchedRecords(_MemoryRecordsPy):  # pyright: ignore[reportGeneralTypeIssues] - final
    """What one fetch brought of a partition, batch by batch."""

    def next_batch(self, *sizes: int) -> Any:
        content, batch = self._next_slice, super().next_batch(*sizes)
        return Batch(batch, content) if content is not None else batch


class Batch:
    """A batch of aiokafka's, which it never stops to read at a header's name."""

    def __init__(self, batch: Any, content: memoryview) -> None:
        self._batch = batch
        self._content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def validate_crc(self) -> bool:
        return self._batch.validate_crc() or health.end_process("a fetch has a wrong checksum")

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._batch
        except UnicodeDecodeError:  # the fetcher passes over the records it has already
            yield from TolerantBatch(self._content)
        except KafkaError as error:
            health.end_process(f"a fetch is damaged: {error}")
