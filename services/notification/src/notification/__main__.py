"""notification serve | migrate | held | audit"""

from chassis.cli import main
from notification.app import build
from notification.settings import Settings


def run() -> None:
    main("notification", Settings, build)


if __name__ == "__main__":
    run()
