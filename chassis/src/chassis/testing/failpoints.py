"""Every failpoint of a package, read from its source, for tests that go through them all."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from chassis.failpoints import failpoint, failpoint_sync

_CALLS = (failpoint.__name__, failpoint_sync.__name__)


def declared(package: ModuleType) -> set[str]:
    """Names of the failpoints in `package`. Raises ValueError where a name is no literal or is used
    twice, since "crash there" must mean one place.
    """
    names: set[str] = set()
    for path, call in _calls(package):
        match call.args:
            case [ast.Constant(value=str(name)), *_] if name not in names:
                names.add(name)
            case _:
                raise ValueError(f"{path.name}:{call.lineno}: name it once, as a literal")
    return names


def passed_by_several(package: ModuleType) -> set[str]:
    """Names of those failpoints in `package` that say who passes, so that each can be armed for one
    alone.
    """
    of_some = (call.args[0] for _, call in _calls(package) if len(call.args) > 1)
    return {str(name.value) for name in of_some if isinstance(name, ast.Constant)}


def _calls(package: ModuleType) -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(Path(package.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=called)) if called in _CALLS:
                    yield path, node
                case _:
                    pass
