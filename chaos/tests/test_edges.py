"""Every program reaches every other through the proxy, and people do."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chaos.edges import EDGES, SAID_TO_PEOPLE, Edges, routed
from motcua_local.programs import Program, programs
from motcua_local.stack import Stack
from motcua_local.surroundings import SERVICES, Surroundings, endpoints

PRINCIPALS = ("operator", "intake")


@pytest.fixture(params=[1, 3], ids=["one broker", "three brokers"])
def edges(tmp_path: Path, request: pytest.FixtureRequest) -> Edges:
    return Edges(tmp_path, brokers=request.param)


@pytest.fixture
def around(edges: Edges) -> Surroundings:
    stack = Stack(edges.folder, brokers=len(edges.ports_of("intake->kafka")))
    return stack.surroundings()


@pytest.fixture
def led(edges: Edges, around: Surroundings) -> Mapping[str, Program]:
    return routed(programs, edges)(around)


def test_no_program_is_told_the_address_of_what_it_reaches_through_an_edge(
    led: Mapping[str, Program], around: Surroundings
) -> None:
    targets = {port for name, port in around.ports.items() if name not in {"identity", "mail"}}
    for program in led.values():
        told = {**program.command.environment, "argv": " ".join(program.command.argv)}
        own = {f"{program.name.upper()}_HTTP_PORT", "argv"}
        direct = {
            name
            for name, value in told.items()
            for port in _ports(value, whole=name.endswith("_PORT"))
            if port in targets and name not in own | SAID_TO_PEOPLE
        }
        assert direct == set(), program.name


def test_what_was_not_led_would_have_been_noticed(around: Surroundings) -> None:
    environment = programs(around)["intake"].command.environment
    assert around.ports["kafka"] in _ports(environment["KAFKA_BOOTSTRAP_SERVERS"], whole=False)
    smtp = programs(around)["notification"].command.environment["NOTIFICATION_SMTP_PORT"]
    assert _ports(smtp, whole=True) == {around.ports["mail-smtp"]}


def test_each_variable_leads_to_its_edge(edges: Edges, led: Mapping[str, Program]) -> None:
    def told(program: str, variable: str) -> set[int]:
        return _ports(led[program].command.environment[variable], whole="PORT" in variable)

    for service in SERVICES:
        assert told(service, f"{service.upper()}_DATABASE_URL") == _of(edges, service, "postgres")
        assert told(service, "KAFKA_BOOTSTRAP_SERVERS") == _of(edges, service, "kafka")
    agency = "agency-H42.10"
    assert told(agency, "KAFKA_BOOTSTRAP_SERVERS") == _of(edges, agency, "kafka")
    assert told(agency, "INTAKE_URL") == _of(edges, agency, "intake")
    assert told("payment", "PAYMENT_VNPAY_API_URL") == _of(edges, "payment", "vnpay")
    assert told("payment", "PAYMENT_PUBLIC_URL") == _of(edges, "people", "payment")
    assert told("certification", "CERTIFICATION_TSA_URL") == _of(edges, "certification", "trust")
    assert told("certification", "CERTIFICATION_PUBLIC_URL") == _of(
        edges, "people", "certification"
    )
    assert told("notification", "NOTIFICATION_SMTP_PORT") == _of(edges, "notification", "mail-smtp")
    assert _ports(" ".join(led["vnpay"].command.argv), whole=False) == _of(
        edges, "vnpay", "payment"
    )
    assert _ports(led["trust"].command.argv[-1], whole=False) == _of(
        edges, "certification", "trust"
    )


def test_migrations_go_the_same_way_as_their_service(led: Mapping[str, Program]) -> None:
    for service in SERVICES:
        migrate = led[service].migrate
        assert migrate
        assert migrate.environment == led[service].command.environment


def test_addresses_that_are_names_or_that_browsers_open_stay(
    led: Mapping[str, Program], around: Surroundings
) -> None:
    payment = led["payment"].command.environment
    assert payment["OIDC_ISSUER"] == around.url("identity")
    assert payment["PAYMENT_VNPAY_URL"].startswith(around.url("vnpay"))
    assert payment["PAYMENT_HTTP_PORT"] == str(around.ports["payment"])


def test_every_port_of_the_proxy_leads_somewhere_and_all_differ(
    edges: Edges, around: Surroundings
) -> None:
    routes = edges.routes(around)
    assert routes.keys() == EDGES.keys()
    ports = [route.listens for ways in routes.values() for route in ways]
    assert len(set(ports)) == len(ports)
    assert {name: [way.listens for way in ways] for name, ways in routes.items()} == {
        name: edges.ports_of(name) for name in EDGES
    }
    assert not set(ports) & {way.leads_to for ways in routes.values() for way in ways}
    assert routes["intake->postgres"][0].leads_to == around.ports["postgres"]


def test_a_broker_advertises_to_each_client_its_own_edge(
    edges: Edges, around: Surroundings
) -> None:
    for client in (*SERVICES, "agency-H42.10", "agency-H42.11"):
        name = re.sub(r"\W", "_", client.upper())
        ways = edges.listeners[name]
        assert [way.advertised for way in ways] == edges.ports_of(f"{client}->kafka")
        led = [route.leads_to for route in edges.routes(around)[f"{client}->kafka"]]
        assert [way.port for way in ways] == led


def test_ports_are_those_of_last_time(edges: Edges) -> None:
    again = Edges(edges.folder, brokers=len(edges.ports_of("intake->kafka")))
    assert {name: again.ports_of(name) for name in EDGES} == {
        name: edges.ports_of(name) for name in EDGES
    }
    assert again.listeners == edges.listeners


def test_people_come_through_doors_and_all_else_is_direct(
    edges: Edges, around: Surroundings
) -> None:
    direct = endpoints(around, PRINCIPALS)
    doors = edges.doors(direct)
    services: Mapping[str, Mapping[str, str]] = doors["services"]
    for service in SERVICES:
        assert _ports(services[service]["url"], whole=False) == _of(edges, "people", service)
        assert services[service]["metrics"] == f"{around.url(service)}/metrics"
    rest: dict[str, Any] = {name: part for name, part in doors.items() if name != "services"}
    assert rest == {name: part for name, part in direct.items() if name != "services"}


def _ports(told: str, *, whole: bool) -> set[int]:
    found = [told] if whole else re.findall(r"127\.0\.0\.1:(\d+)", told)
    return {int(port) for port in found}


def _of(edges: Edges, client: str, target: str) -> set[int]:
    return set(edges.ports_of(f"{client}->{target}"))
