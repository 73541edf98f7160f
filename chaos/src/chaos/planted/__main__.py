"""`python -m chaos.planted BUG SERVICE ARGUMENTS…`: the service with this bug in it."""

import runpy
import sys

from chaos.planted.bug import plant
from chaos.planted.catalogue import BUGS


def main() -> None:
    """Plant the bug, then run the service as if it had been started itself."""
    _, name, service, *arguments = sys.argv
    plant(BUGS[name])
    sys.argv = [service, *arguments]
    runpy.run_module(service, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
