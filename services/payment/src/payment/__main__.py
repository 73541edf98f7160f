"""`python -m payment serve | migrate | held … | audit`, also installed as `payment`."""

from chassis.cli import main
from payment.app import build
from payment.settings import Settings


def run() -> None:
    main("payment", Settings, build)


if __name__ == "__main__":
    run()
