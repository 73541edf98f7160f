"""A Kafka cluster as its administrator sees it, in plain values."""
# confluent_kafka types its futures as bare `Future` and does not list what its admin module
# exports; this module is where that ends.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from motcua_local.errors import LocalError
from motcua_local.kafka_topics.plan import Grant, Operation, Resource, TopicPlan

_SCRAM_ITERATIONS = 8192
_TIMEOUT = 30.0
_AUTHENTICATION = -169  # librdkafka's RD_KAFKA_RESP_ERR__AUTHENTICATION

_Binding = TypeVar("_Binding", bound=AclBinding)
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Connection:
    """How to reach a cluster, and as whom. `security` are librdkafka's own settings for TLS."""

    bootstrap: str
    username: str
    password: str
    security: Mapping[str, str] = field(default_factory=dict[str, str])

    def settings(self) -> dict[str, str | int | float | bool]:
        return {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 200,
            **self.security,
            "bootstrap.servers": self.bootstrap,
            "sasl.username": self.username,
            "sasl.password": self.password,
        }


def read_connection(path: Path, bootstrap: str) -> Connection:
    """The administrator's connection from a properties file with librdkafka's names.

    It must hold `sasl.username` and `sasl.password`; `security.protocol` is SASL_SSL unless said.
    """
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    except OSError as error:
        raise LocalError(
            f"cannot read {path}: {error.strerror}", next_step="give an existing file"
        ) from error
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    settings = {name.strip(): value.strip() for name, _, value in pairs}
    missing = {"sasl.username", "sasl.password"} - settings.keys()
    if missing:
        raise LocalError(
            f"{path} lacks {' and '.join(sorted(missing))}", next_step="add the missing lines"
        )
    security = {"security.protocol": "SASL_SSL", **settings}
    return Connection(bootstrap, settings["sasl.username"], settings["sasl.password"], security)


@dataclass(frozen=True)
class TopicState:
    """A topic as it is: partition count and its effective settings."""

    partitions: int
    configuration: Mapping[str, str]


class LoginRefusedError(Exception):
    """The cluster answers, and says that user name or password is wrong."""


class Cluster:
    """Reads and changes topics, users and ACLs; every call waits for the cluster's answer."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._refused = False
        self._client = quiet_client(connection, error_cb=self._notice_refusal)

    def topic_names(self, *, within: float | None = None) -> frozenset[str]:
        """The topics that this user may see.

        Raises `LoginRefusedError`, or `TimeoutError` if there is no answer in that many seconds.
        """
        return frozenset(self._listed(within).topics)

    def broker_ids(self, *, within: float | None = None) -> frozenset[int]:
        """The brokers that take part; raises as `topic_names` does."""
        return frozenset(self._listed(within).brokers)

    def _listed(self, within: float | None) -> ClusterMetadata:
        deadline = time.monotonic() + (_TIMEOUT if within is None else within)
        while True:
            try:
                return self._client.list_topics(timeout=1)
            except KafkaException as error:
                self._client.poll(0)
                if self._refused:
                    raise LoginRefusedError from error
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no answer from {self.connection.bootstrap}") from error

    def topics(self) -> dict[str, TopicState]:
        listed = self._client.list_topics(timeout=_TIMEOUT).topics
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in listed]
        answers = self._client.describe_configs(resources) if resources else {}
        states: dict[str, TopicState] = {}
        for resource, future in answers.items():
            entries = cast("dict[str, ConfigEntry]", _answer(future))
            settings = {name: entry.value or "" for name, entry in entries.items()}
            states[resource.name] = TopicState(len(listed[resource.name].partitions), settings)
        return states

    def create_topic(self, name: str, plan: TopicPlan, *, replication: int, in_sync: int) -> None:
        topic = NewTopic(
            name, plan.partitions, replication, config=plan.configuration(in_sync=in_sync)
        )
        _answers(self._client.create_topics([topic]))

    def delete_topic(self, name: str) -> None:
        _answers(self._client.delete_topics([name]))

    def set_configuration(self, name: str, settings: Mapping[str, str]) -> None:
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
            for key, value in settings.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
        _answers(self._client.incremental_alter_configs([resource]))

    def users(self) -> frozenset[str]:
        everybody = self._client.describe_user_scram_credentials()
        return frozenset(_answer(cast("Future[dict[str, object]]", everybody)))

    def set_password(self, user: str, password: str) -> None:
        scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _SCRAM_ITERATIONS)
        change = UserScramCredentialUpsertion(user, scram, password.encode())
        _answers(self._client.alter_user_scram_credentials([change]))

    def grants(self) -> frozenset[Grant]:
        """Every ACL that allows something on a topic or a group."""
        bindings = cast("list[AclBinding]", _answer(self._client.describe_acls(_any_acl())))
        return frozenset(_grant(found) for found in bindings if _is_grant(found))

    def add_grants(self, grants: Iterable[Grant]) -> None:
        if bindings := [_binding(AclBinding, grant) for grant in grants]:
            _answers(self._client.create_acls(bindings))

    def remove_grants(self, grants: Iterable[Grant]) -> None:
        if filters := [_binding(AclBindingFilter, grant) for grant in grants]:
            _answers(self._client.delete_acls(filters))

    def _notice_refusal(self, error: KafkaError) -> None:
        if error.code() == _AUTHENTICATION:
            self._refused = True


def quiet_client(
    connection: Connection, *, error_cb: Callable[[KafkaError], None] | None = None
) -> AdminClient:
    """An admin client that does not write on stderr while the cluster is away."""
    logger = logging.getLogger("motcua_local.librdkafka")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    callback = {"error_cb": error_cb} if error_cb else {}
    return AdminClient(connection.settings(), logger=logger, **callback)


def _answers(futures: Mapping[Any, Future[Any]]) -> None:
    for future in futures.values():
        _answer(future)


def _answer(future: Future[_Result]) -> _Result:
    try:
        return future.result(timeout=_TIMEOUT)
    except KafkaException as error:
        raise LocalError(
            f"the cluster refused a change: {error.args[0]}",
            next_step="use the administrator's user name and password, and check the plan",
        ) from error


def _any_acl() -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY,
        cast("str", None),
        ResourcePatternType.ANY,
        cast("str", None),
        cast("str", None),
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def _binding(kind: type[_Binding], grant: Grant) -> _Binding:
    return kind(
        ResourceType[grant.resource],
        grant.name,
        ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL,
        f"User:{grant.principal}",
        "*",
        AclOperation[grant.operation],
        AclPermissionType.ALLOW,
    )


def _is_grant(found: AclBinding) -> bool:
    return (
        found.permission_type == AclPermissionType.ALLOW
        and found.restype in {ResourceType.TOPIC, ResourceType.GROUP}
        and found.principal.startswith("User:")
    )


def _grant(found: AclBinding) -> Grant:
    return Grant(
        principal=found.principal.removeprefix("User:"),
        resource=cast("Resource", cast("ResourceType", found.restype).name),
        name=found.name,
        prefixed=found.resource_pattern_type == ResourcePatternType.PREFIXED,
        operation=cast("Operation", cast("AclOperation", found.operation).name),
    )
