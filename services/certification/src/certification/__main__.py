"""`certification serve | migrate | held … | audit`."""

from certification.app import build
from certification.seclusion import seclude
from certification.settings import Settings
from operations.cli import main

LOG_FIELDS = ("copy_id", "hindrance", "process")
"""What its log says beyond what every service may say; none of it names a person."""


def run() -> None:
    # The jobs that read strangers' files run under the same user, and its settings hold secrets.
    seclude()
    main("certification", Settings, build, log_fields=LOG_FIELDS)


if __name__ == "__main__":
    run()
