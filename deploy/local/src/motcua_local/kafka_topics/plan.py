"""The shape of `topics.yaml`, and the topics and grants that follow from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from motcua_local.errors import LocalError

Operation = Literal["READ", "WRITE", "DESCRIBE"]
Resource = Literal["TOPIC", "GROUP"]

_MILLISECONDS_PER_DAY = 24 * 60 * 60 * 1000


@dataclass(frozen=True, order=True)
class Grant:
    """One ACL: `principal` may do `operation` on the resources of that name, or that prefix."""

    principal: str
    resource: Resource
    name: str
    prefixed: bool
    operation: Operation

    def covers(self, name: str) -> bool:
        """Whether it speaks of the resource of that name."""
        if self.prefixed:
            return name.startswith(self.name)
        return self.name in {name, "*"}

    def __str__(self) -> str:
        star = "*" if self.prefixed else ""
        return f"{self.principal} may {self.operation} {self.resource.lower()} {self.name}{star}"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TopicPlan(_Section):
    """One topic: how many partitions, how long records stay, what is done with old ones."""

    partitions: Annotated[int, Field(ge=1, le=10_000)]
    retention_days: Annotated[int, Field(ge=1)] | None = None
    cleanup: Literal["delete", "compact"] = "delete"

    def configuration(self, *, in_sync: int) -> dict[str, str]:
        """The topic settings that this plan holds Kafka to."""
        days = self.retention_days
        retention = -1 if days is None else days * _MILLISECONDS_PER_DAY
        return {
            "cleanup.policy": self.cleanup,
            "retention.ms": str(retention),
            "min.insync.replicas": str(in_sync),
        }


class PrincipalPlan(_Section):
    """What one principal may do. A name that ends in `*` stands for all that begin so."""

    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    describes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    watches_groups: tuple[str, ...] = ()


class Plan(_Section):
    """The whole file."""

    replication: Annotated[int, Field(ge=1)] = 3
    topics: dict[str, TopicPlan]
    principals: dict[str, PrincipalPlan]

    @property
    def in_sync(self) -> int:
        """Replicas that must have a record before it is acknowledged: all but one."""
        return max(1, self.replication - 1)

    def with_replication(self, replication: int) -> "Plan":
        """The same plan for a cluster of another size: one broker in development."""
        return self.model_copy(update={"replication": replication})

    def grants(self) -> frozenset[Grant]:
        return frozenset(
            grant for name, plan in self.principals.items() for grant in _grants(name, plan)
        )


def read_plan(path: Path) -> Plan:
    """Read and check a plan; every mistake is named with its place in the file."""
    try:
        return Plan.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise LocalError(
            f"cannot read {path}: {error.strerror}", next_step="give an existing file to --topics"
        ) from error
    except (yaml.YAMLError, ValidationError) as error:
        raise LocalError(
            f"{path} is not a valid plan: {_mistakes(error)}", next_step="mend it"
        ) from (error)


def _mistakes(error: yaml.YAMLError | ValidationError) -> str:
    if isinstance(error, yaml.YAMLError):
        return str(error)
    places = ((".".join(map(str, found["loc"])), found["msg"]) for found in error.errors())
    return "; ".join(f"{place}: {message}" for place, message in places)


def _grants(principal: str, plan: PrincipalPlan) -> Iterator[Grant]:
    wanted: tuple[tuple[tuple[str, ...], Resource, Operation], ...] = (
        (plan.writes, "TOPIC", "WRITE"),
        (plan.reads, "TOPIC", "READ"),
        (plan.describes, "TOPIC", "DESCRIBE"),
        (plan.groups, "GROUP", "READ"),
        (plan.watches_groups, "GROUP", "DESCRIBE"),
    )
    for patterns, resource, operation in wanted:
        for pattern in patterns:
            yield _grant(principal, pattern, resource=resource, operation=operation)


def _grant(principal: str, pattern: str, *, resource: Resource, operation: Operation) -> Grant:
    # A lone `*` is Kafka's literal name for "every resource"; a prefix may not be empty.
    prefixed = pattern.endswith("*") and pattern != "*"
    name = pattern[:-1] if prefixed else pattern
    return Grant(principal, resource, name, prefixed, operation)


def read_passwords(path: Path) -> dict[str, str]:
    """Passwords by principal, from a JSON object."""
    try:
        return TypeAdapter(dict[str, str]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise LocalError(
            f"cannot read passwords from {path}", next_step='write {"<principal>": "<password>"}'
        ) from error
