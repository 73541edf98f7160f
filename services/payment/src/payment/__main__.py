"""`python -m payment serve | migrate | held … | audit | paid`, also installed as `payment`."""

from operations.cli import main
from payment import paid_commands
from payment.app import build
from payment.settings import Settings

LOG_FIELDS = ("dossier_id", "gateway", "obligation_id", "order_id")
"""What its log says beyond what every service may say; none of it names a person."""


def run() -> None:
    main("payment", Settings, build, log_fields=LOG_FIELDS, commands=(paid_commands.add,))


if __name__ == "__main__":
    run()
