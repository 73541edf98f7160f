"""One running stack for all tests here: every engine, simulator, service and agency system."""

import json
import os
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from motcua_local.demo.command import tell_stories
from motcua_local.demo.story import Story
from motcua_local.engines import Engines
from motcua_local.fresh import alone_with, empty
from motcua_local.stack import Stack

pytest.register_assert_rewrite("tests.endings", "tests.storytelling")

# With a space, as somebody's path will have. Apart from `motcua up`, whose ports are not touched.
FOLDER = Path(__file__).parents[1] / "var" / "e2e stack"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a run also waits until everything is up, and some wait for a rebalance."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Everything up, without data of earlier runs; its logs stay there to be read."""
    with pytest.MonkeyPatch.context() as environment, alone_with(FOLDER):
        for name in filter(re.compile("MOTCUA_.+_PORT").fullmatch, os.environ):
            environment.delenv(name)
        stack = Stack(FOLDER)
        stack.engines = Engines(FOLDER, short_lived=True)
        empty(stack)
        try:
            stack.up()
            yield stack
        finally:
            stack.down()


@pytest.fixture(scope="session")
def endpoints(stack: Stack) -> dict[str, Any]:
    """Addresses and credentials, as any program on this machine reads them."""
    return json.loads(stack.endpoints_file.read_text())


@pytest.fixture(scope="session")
def undisturbed(stack: Stack) -> dict[str, Story]:
    """The stories as `make demo` tells them, by key; what comes later is compared with them."""
    return {story.key: story for story in tell_stories(stack, Console(file=StringIO()))}
