"""The command: python -m simulators vnpay | mail | identity | trust."""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from simulators.errors import SimulatorError
from simulators.serving import Listener, Party, listen, serve

SUMMARIES = {
    "vnpay": "VNPAY 2.1.0 gateway with a page to pay on",
    "mail": "SMTP sink with a page that shows the mails",
    "identity": "OpenID provider with citizens, officials and agency systems",
    "trust": "trust-service provider: certificates, OCSP, CRLs, RFC 3161 time stamps",
}


class Simulator(Protocol):
    """What a simulator's package offers to the command line."""

    MANUAL: str

    def add_options(self, parser: argparse.ArgumentParser) -> None: ...

    def build(self, options: argparse.Namespace, listener: Listener) -> Party: ...


def _load(name: str) -> Simulator:
    """Only the one that runs: the others' libraries would double the time to start."""
    return cast("Simulator", import_module(f"simulators.{name}"))


def _choice_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators",
        usage="%(prog)s {vnpay,mail,identity,trust} [options]   (each has its own --help)",
        description="Outside parties for the demo and the tests. Each runs until it is stopped, "
        'and prints one line when it is ready: {"ready": true, "port": …}.',
    )
    choices = parser.add_subparsers(dest="simulator", required=True, metavar="SIMULATOR")
    for name, summary in SUMMARIES.items():
        choices.add_parser(name, help=summary, add_help=False)
    return parser


def _option_parser(name: str, simulator: Simulator) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m simulators {name}",
        description=SUMMARIES[name],
        epilog=simulator.MANUAL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="HTTP port; 0 = any free one")
    parser.add_argument(
        "--ledger-file",
        type=Path,
        metavar="FILE",
        help="also keep the ledger here (JSON lines, fsynced) and start from it after a restart",
    )
    parser.add_argument(
        "--log-level",
        default="warning",
        choices=["debug", "info", "warning", "error"],
        help="what goes to stderr (%(default)s); info shows every request",
    )
    simulator.add_options(parser)
    return parser


def main(arguments: list[str] | None = None) -> int:
    choice, rest = _choice_parser().parse_known_args(arguments)
    simulator = _load(choice.simulator)
    options = _option_parser(choice.simulator, simulator).parse_args(rest)
    try:
        listener = listen(options.host, options.port)
        party = simulator.build(options, listener)
    except SimulatorError as error:
        sys.stderr.write(f"simulators {choice.simulator}: {error}\n")
        return 2
    serve(party, listener, log_level=options.log_level)
    return 0


if __name__ == "__main__":
    sys.exit(main())
