"""The edges on which the programs reach each other, and how each is led through the fault proxy.

An edge is named `client->target`. Behind a client of Kafka stands every broker: clients follow what
a broker advertises, so each broker has a listener for each client, which advertises the edge's own
port at the proxy. Two edges lead past it: whoever reads `endpoints.json` (the rig itself, the
operator) goes directly, and so does everybody to the identity provider, whose address is the name
of the issuer inside every token.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from motcua_local.kafka import Listener, broker_names
from motcua_local.ports import HOST, Ports
from motcua_local.processes import Command, DetachedProcess
from motcua_local.programs import Program
from motcua_local.stack import Catalogue
from motcua_local.surroundings import AGENCIES, SERVICES, Surroundings

PEOPLE = "people"

SAID_TO_PEOPLE = {"PAYMENT_VNPAY_URL"}
"""Variables with an address that people's browsers open: it is not the program that goes there."""

_ADDRESS = re.compile(re.escape(HOST) + r":(\d+)")


@dataclass(frozen=True, order=True)
class Edge:
    """Who goes to whom."""

    client: str
    target: str

    def __str__(self) -> str:
        return f"{self.client}->{self.target}"


def _edges() -> Iterator[Edge]:
    for service in SERVICES:
        yield Edge(service, "kafka")
        yield Edge(service, "postgres")
    yield Edge("notification", "mail-smtp")
    yield Edge("payment", "vnpay")
    yield Edge("vnpay", "payment")
    yield Edge("certification", "trust")
    for code in AGENCIES:
        yield Edge(f"agency-{code}", "kafka")
        yield Edge(f"agency-{code}", "intake")
    for service in SERVICES:
        yield Edge(PEOPLE, service)


EDGES: Mapping[str, Edge] = {str(edge): edge for edge in _edges()}
"""Every edge by its name, `client->target`."""


@dataclass(frozen=True)
class Route:
    """One port of the proxy, and the port that it leads to."""

    listens: int
    leads_to: int


class Edges:
    """The edges of one stack: which of the proxy's ports stands for which address.

    Ports are claimed once and remembered in the folder, so that a fault is felt after a restart of
    any program as before it.
    """

    def __init__(self, folder: Path, *, brokers: int = 1) -> None:
        self.folder = folder.absolute()
        self.process = DetachedProcess("proxy", self.folder)
        self._brokers = broker_names(brokers)
        self._ports = Ports(self.folder)
        names = [name for edge in EDGES.values() for name in self._names(edge)]
        held = self.process.running() is not None
        self._proxied = {name: self._ports.claim(name, held=held) for name in names}
        self.control_port = self._ports.claim("proxy-control", held=held)
        self.listeners = self._listeners()
        """Kafka's further ways in, for `Stack(folder, listeners=…)`."""

    def routes(self, around: Surroundings) -> dict[str, list[Route]]:
        """By the name of the edge: for Kafka one route to each broker."""
        return {name: list(self._routes(edge, around)) for name, edge in EDGES.items()}

    def ports_of(self, name: str) -> list[int]:
        """The proxy's ports of the edge of this name: for Kafka one for each broker."""
        return [self._proxied[port] for port in self._names(EDGES[name])]

    def doors(self, endpoints: Mapping[str, Any]) -> dict[str, Any]:
        """`endpoints.json` for people: services by their doors at the proxy, all else directly."""
        services = {
            name: {**addresses, "url": self._url(Edge(PEOPLE, name))}
            for name, addresses in endpoints["services"].items()
        }
        return {**endpoints, "services": services}

    def lead(self, program: Program, around: Surroundings) -> Program:
        """The same program, told the proxy's addresses instead of the others' own."""
        led = replace(program, command=self._led(program.name, program.command, around))
        if led.migrate is not None:
            led = replace(led, migrate=self._led(program.name, led.migrate, around))
        return led

    def _led(self, client: str, command: Command, around: Surroundings) -> Command:
        ports = self._replacements(client, around)
        own = (
            {around.ports[client]: self._first(Edge(PEOPLE, client))} if client in SERVICES else {}
        )
        environment = {
            name: _told(name, value, ports=ports, own=own)
            for name, value in command.environment.items()
        }
        argv = tuple(_replaced(part, ports) for part in command.argv)
        if client == "trust":  # its certificates say where to ask whether they still hold
            argv = (*argv, "--public-url", self._url(Edge("certification", "trust")))
        return replace(command, argv=argv, environment=environment)

    def _replacements(self, client: str, around: Surroundings) -> dict[int, int]:
        """Real port to the proxy's port, for all that a client reaches."""
        return {
            around.ports[real]: self._proxied[name]
            for edge in EDGES.values()
            if edge.client == client
            for real, name in zip(self._targets(edge), self._names(edge), strict=True)
        }

    def _routes(self, edge: Edge, around: Surroundings) -> Iterator[Route]:
        names = self._names(edge)
        if edge.target == "kafka":
            ways = zip(names, self.listeners[_listener(edge.client)], strict=True)
            yield from (Route(self._proxied[name], listener.port) for name, listener in ways)
        else:
            yield Route(self._proxied[names[0]], around.ports[edge.target])

    def _listeners(self) -> dict[str, list[Listener]]:
        clients = [edge.client for edge in EDGES.values() if edge.target == "kafka"]
        return {_listener(client): [*self._listeners_of(client)] for client in clients}

    def _listeners_of(self, client: str) -> Iterator[Listener]:
        for broker, proxied in zip(self._brokers, self._names(Edge(client, "kafka")), strict=True):
            held = DetachedProcess(broker, self.folder).running() is not None
            port = self._ports.claim(f"{broker}-for-{client}", held=held)
            yield Listener(port, self._proxied[proxied])

    def _names(self, edge: Edge) -> list[str]:
        return [f"proxy-{edge.client}-{target}" for target in self._targets(edge)]

    def _targets(self, edge: Edge) -> tuple[str, ...]:
        return self._brokers if edge.target == "kafka" else (edge.target,)

    def _first(self, edge: Edge) -> int:
        return self._proxied[self._names(edge)[0]]

    def _url(self, edge: Edge) -> str:
        return f"http://{HOST}:{self._first(edge)}"


def routed(catalogue: Catalogue, edges: Edges) -> Catalogue:
    """The same programs, each reaching the others through the proxy."""

    def led(around: Surroundings) -> Mapping[str, Program]:
        return {name: edges.lead(program, around) for name, program in catalogue(around).items()}

    return led


def _listener(client: str) -> str:
    return re.sub(r"\W", "_", client.upper())


def _told(name: str, value: str, *, ports: Mapping[int, int], own: Mapping[int, int]) -> str:
    if name in SAID_TO_PEOPLE:
        return value
    if name.endswith("_PORT") and value.isdigit():
        return str(ports.get(int(value), value))
    return _replaced(value, {**ports, **own})  # its own address it says to people alone


def _replaced(text: str, ports: Mapping[int, int]) -> str:
    def proxied(found: re.Match[str]) -> str:
        port = int(found[1])
        return f"{HOST}:{ports.get(port, port)}"

    return _ADDRESS.sub(proxied, text)
