"""`python -m intake serve | migrate | held … | audit`, also installed as `intake`."""

import sys

from chassis.app import Service
from documents.store import UnusableFolder
from intake.app import build
from intake.settings import Settings
from intake.work import IntakeWork
from operations.cli import main


def build_or_say_why(settings: Settings) -> Service[IntakeWork]:
    try:
        return build(settings)
    except UnusableFolder as error:
        sys.exit(f"INTAKE_FILES_FOLDER: {error}")


def run() -> None:
    main("intake", Settings, build_or_say_why)


if __name__ == "__main__":
    run()
