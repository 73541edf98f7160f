"""Every failpoint of a package, read from its source, for tests that go through them all."""

import ast
from pathlib import Path
from types import ModuleType

from chassis.failpoints import failpoint, failpoint_sync

_CALLS = (failpoint.__name__, failpoint_sync.__name__)


def declared(package: ModuleType) -> set[str]:
    """Names of the failpoints in `package`. Raises ValueError where a name is no literal or is used
    twice, since "crash there" must mean one place.
    """
    names: set[str] = set()
    for path in sorted(Path(package.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=called), args=[ast.Constant(value=str(name))]) if (
                    called in _CALLS and name not in names
                ):
                    names.add(name)
                case ast.Call(func=ast.Name(id=called)) if called in _CALLS:
                    raise ValueError(f"{path.name}:{node.lineno}: name it once, as a literal")
                case _:
                    pass
    return names
