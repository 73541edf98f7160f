"""The fields that a package's log lines say, read from its source."""

import ast
from pathlib import Path
from types import ModuleType

from chassis.logging import FIELDS


def own_fields(package: ModuleType) -> set[str]:
    """What its lines say beyond the chassis's own fields, and so must be declared, or it is
    withheld.
    """
    names: set[str] = set()
    for path in Path(package.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), keywords=fields):
                    names |= {str(field.arg) for field in fields}
                case _:
                    pass
    return names - {"exc_info"} - FIELDS
