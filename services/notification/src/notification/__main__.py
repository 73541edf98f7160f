"""notification serve | migrate | held | audit"""

from notification.app import build
from notification.settings import Settings
from operations.cli import main

LOG_FIELDS = ("message_id", "provider")
"""What its log says beyond what every service may say; none of it names a person."""


def run() -> None:
    main("notification", Settings, build, log_fields=LOG_FIELDS)


if __name__ == "__main__":
    run()
