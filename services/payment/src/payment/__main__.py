"""`python -m payment serve | migrate | held … | audit`, also installed as `payment`."""

from operations.cli import main
from payment.app import build
from payment.settings import Settings

LOG_FIELDS = ("gateway",)
"""What its log says beyond what every service may say; none of it names a person."""


def run() -> None:
    main("payment", Settings, build, log_fields=LOG_FIELDS)


if __name__ == "__main__":
    run()
