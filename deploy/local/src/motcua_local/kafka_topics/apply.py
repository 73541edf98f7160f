"""Bring a cluster in line with a plan; doing it twice changes nothing."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from motcua_local.errors import LocalError
from motcua_local.kafka_topics.cluster import Cluster, LoginRefusedError, TopicState
from motcua_local.kafka_topics.plan import Plan, TopicPlan

_IN_FORCE_WITHIN = 90.0


def apply(plan: Plan, cluster: Cluster, passwords: Mapping[str, str]) -> list[str]:
    """Create and alter topics, users and ACLs; gives what was changed, one line each.

    `passwords` are by principal; a principal without one keeps the password it has, and cannot
    log in if it has none. Returns when the cluster enforces all of it. Topics, users and ACLs of
    others are left alone; ACLs of the plan's principals that the plan does not name are removed.
    """
    _connect(cluster)
    changes = [*_topics(plan, cluster), *_grants(plan, cluster), *_users(plan, cluster, passwords)]
    _wait_until_in_force(plan, cluster, passwords)
    return changes


def _connect(cluster: Cluster) -> None:
    where = cluster.connection.bootstrap
    try:
        cluster.topic_names()
    except LoginRefusedError as error:
        raise LocalError(
            f"{where} refused the administrator {cluster.connection.username}",
            next_step="give the right user name and password",
        ) from error
    except TimeoutError as error:
        raise LocalError(
            f"no answer from Kafka at {where}",
            next_step="check that the broker is up and that address and protocol are right",
        ) from error


def _topics(plan: Plan, cluster: Cluster) -> Iterator[str]:
    present = cluster.topics()
    for name, topic in plan.topics.items():
        if name not in present:
            cluster.create_topic(name, topic, replication=plan.replication, in_sync=plan.in_sync)
            yield f"topic {name} created ({topic.partitions} partitions, {topic.cleanup})"
        else:
            _refuse_repartition(name, topic, present[name])
            wanted = topic.configuration(in_sync=plan.in_sync)
            yield from _alter(name, wanted, present=present[name], cluster=cluster)


def _refuse_repartition(name: str, topic: TopicPlan, present: TopicState) -> None:
    if topic.partitions != present.partitions:
        raise LocalError(
            f"{name} has {present.partitions} partitions, the plan says {topic.partitions}",
            next_step="put the old number back: other partitions would move dossiers and break "
            "their order; a topic of another width needs a new name",
        )


def _alter(
    name: str, wanted: Mapping[str, str], *, present: TopicState, cluster: Cluster
) -> Iterator[str]:
    known = present.configuration
    different = {key: value for key, value in wanted.items() if known.get(key) != value}
    if different:
        cluster.set_configuration(name, different)
    for key, value in different.items():
        yield f"topic {name}: {key} {known.get(key)} -> {value}"


def _grants(plan: Plan, cluster: Cluster) -> Iterator[str]:
    wanted = plan.grants()
    present = {grant for grant in cluster.grants() if grant.principal in plan.principals}
    missing, surplus = sorted(wanted - present), sorted(present - wanted)
    cluster.add_grants(missing)
    cluster.remove_grants(surplus)
    yield from (f"granted: {grant}" for grant in missing)
    yield from (f"revoked: {grant}" for grant in surplus)


def _users(plan: Plan, cluster: Cluster, passwords: Mapping[str, str]) -> Iterator[str]:
    users = cluster.users()
    given = [name for name in plan.principals if name in passwords]
    logins = [_as_user(cluster, name, passwords[name]) for name in given if name in users]
    with ThreadPoolExecutor(8) as pool:
        right = {login.connection.username for login in pool.map(_logged_in, logins) if login}
    for name in given:
        if name not in right:
            cluster.set_password(name, passwords[name])
            yield f"user {name} {'has a new password' if name in users else 'created'}"


def _logged_in(user: Cluster) -> Cluster | None:
    try:
        user.topic_names(within=10)
    except LoginRefusedError:
        return None
    return user


def _as_user(cluster: Cluster, name: str, password: str) -> Cluster:
    return Cluster(replace(cluster.connection, username=name, password=password))


def _wait_until_in_force(plan: Plan, cluster: Cluster, passwords: Mapping[str, str]) -> None:
    """The controller takes a change before the brokers enforce it, so ask as each principal."""
    logins = [(name, passwords[name]) for name in plan.principals if name in passwords]
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(_wait_for, plan, _as_user(cluster, *login)) for login in logins]:
            done.result()


def _wait_for(plan: Plan, user: Cluster) -> None:
    name = user.connection.username
    wanted = _visible(plan, name)
    deadline = time.monotonic() + _IN_FORCE_WITHIN
    while True:
        try:
            if wanted <= user.topic_names():
                return
        except LoginRefusedError:
            user = Cluster(user.connection)
        if time.monotonic() > deadline:
            raise LocalError(
                f"after {_IN_FORCE_WITHIN:.0f} s the cluster does not enforce the ACLs of {name}",
                next_step="look at the brokers' logs, then apply the plan again",
            )
        time.sleep(0.2)  # a login costs the brokers, who are busy enough, thousands of hashes


def _visible(plan: Plan, principal: str) -> frozenset[str]:
    """The plan's topics that a principal sees once its grants are in force."""
    grants = [grant for grant in plan.grants() if grant.principal == principal]
    return frozenset(
        topic
        for topic in plan.topics
        for grant in grants
        if grant.resource == "TOPIC" and grant.covers(topic)
    )
