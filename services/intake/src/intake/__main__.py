"""`python -m intake serve | migrate | held … | audit`, also installed as `intake`."""

from chassis.cli import main
from intake.app import build
from intake.settings import Settings


def run() -> None:
    main("intake", Settings, build)


if __name__ == "__main__":
    run()
