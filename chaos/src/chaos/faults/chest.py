"""Every fault that needs no proxy, made ready for one stack; and what a dead run left of them."""

from collections.abc import Iterator
from pathlib import Path

from chaos import clocks
from chaos.clocks import Clocks
from chaos.faults.clock_jump import ClockJump
from chaos.faults.disks import DiskFull, Disks
from chaos.faults.engines import BackendsTerminated, BrokerKilled, DatabaseKilled
from chaos.faults.fault import Fault
from chaos.faults.inserts import InsertFails
from chaos.faults.outsiders import misconducts
from chaos.faults.overload import Burst, Overload
from chaos.faults.processes import AgencyAway, AgencySlow, Paused
from chaos.faults.records import plantings
from chaos.faults.replicas import RebalanceStorm, end_replicas
from chaos.faults.topics import OffsetsReset, TopicRebuilt
from chaos.supervisor import Supervisor


def chest(supervisor: Supervisor, *, clocks: Clocks, disks: Disks, burst: Burst) -> Iterator[Fault]:
    """All of them, whether this machine permits them or not."""
    yield Paused(supervisor)
    yield BrokerKilled()
    yield DatabaseKilled()
    yield BackendsTerminated()
    yield InsertFails()
    yield DiskFull(disks)
    yield AgencyAway(supervisor, clocks)
    yield AgencySlow(supervisor)
    yield from misconducts(supervisor)
    yield from plantings()
    yield ClockJump(clocks)
    yield TopicRebuilt(supervisor)
    yield OffsetsReset(supervisor)
    yield RebalanceStorm(supervisor)
    yield Overload(burst)


def clear_remains(folder: Path) -> None:
    """Before a stack is emptied and after it was taken down: undo what outlives a rig that died."""
    end_replicas(folder)
    Disks(folder).clean_up()
    clocks.clear_remains()
