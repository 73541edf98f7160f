"""A damaged fetch ends the process, so that nothing read in the same poll is passed over."""

from typing import NoReturn

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from chassis.record_batches import Batch, FetchedRecords


def batch_of(*values: bytes, base_offset: int = 0) -> bytearray:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=10_000,
    )
    for offset, value in enumerate(values):
        builder.append(offset, timestamp=1, key=b"key", value=value, headers=[])
    built = bytearray(builder.build())
    built[:8] = base_offset.to_bytes(8, "big")
    return built


def records(fetched: bytes) -> PartitionRecords:
    batches = FetchedRecords(fetched)
    return PartitionRecords(TopicPartition("t", 0), batches, None, 0, None, None, True, 0)


def test_whole_batches_are_read_in_their_order() -> None:
    fetched = batch_of(b"a", b"b") + batch_of(b"c", base_offset=2)
    found = [(record.offset, record.value) for record in records(bytes(fetched))]
    assert found == [(0, b"a"), (1, b"b"), (2, b"c")]


class Ended(BaseException):
    """The process would be over."""


def end(status: int) -> NoReturn:
    assert status == 70
    raise Ended


@pytest.mark.parametrize("place", [17, -2], ids=["checksum", "content"])
def test_a_damaged_batch_ends_the_process_before_anything_else_is_read(
    monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr("os._exit", end)
    fetched = batch_of(b"a") + batch_of(b"b", base_offset=1)
    fetched[len(batch_of(b"a")) + place if place > 0 else place] ^= 0xFF
    with pytest.raises(Ended):
        list(records(bytes(fetched)))


def test_a_batch_that_cannot_be_unpacked_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os._exit", end)
    batch = DefaultRecordBatch(bytes(batch_of(b"a")[:-3]))
    with pytest.raises(Ended):
        list(Batch(batch, memoryview(b"")))
