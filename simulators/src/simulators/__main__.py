"""python -m simulators mail | identity"""

import argparse
import sys
from pathlib import Path

from simulators import identity, mail
from simulators.errors import SimulatorError
from simulators.serving import listen, serve

SIMULATORS = {"mail": mail, "identity": identity}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators",
        description="Outside parties for the demo and the tests. Each runs until it is stopped, "
        'and prints one line when it is ready: {"ready": true, "port": …}.',
    )
    commands = parser.add_subparsers(dest="simulator", required=True, metavar="SIMULATOR")
    for name, simulator in SIMULATORS.items():
        command = commands.add_parser(
            name,
            help=simulator.SUMMARY,
            description=simulator.SUMMARY,
            epilog=simulator.MANUAL,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _add_shared_options(command)
        simulator.add_options(command)
    return parser


def _add_shared_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    command.add_argument("--port", type=int, default=0, help="HTTP port; 0 = any free one")
    command.add_argument(
        "--ledger-file",
        type=Path,
        metavar="FILE",
        help="also keep the ledger here (JSON lines, fsynced) and start from it after a restart",
    )
    command.add_argument(
        "--log-level",
        default="warning",
        choices=["debug", "info", "warning", "error"],
        help="what goes to stderr (%(default)s); info shows every request",
    )


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        listener = listen(options.host, options.port)
        party = SIMULATORS[options.simulator].build(options, listener)
    except SimulatorError as error:
        sys.stderr.write(f"simulators {options.simulator}: {error}\n")
        return 2
    serve(party, listener, log_level=options.log_level)
    return 0


if __name__ == "__main__":
    sys.exit(main())
