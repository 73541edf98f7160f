"""What the log lines say can be read: the chassis withholds every field it was not told of."""

import ast
from pathlib import Path

import payment
from chassis.logging import FIELDS
from payment.__main__ import LOG_FIELDS


def said() -> set[str]:
    """The names of the fields in every log line of the package."""
    names: set[str] = set()
    for path in Path(payment.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), keywords=fields):
                    names |= {str(field.arg) for field in fields}
                case _:
                    pass
    return names - {"exc_info"}


def test_every_field_may_be_said_and_every_one_that_may_be_is():
    assert said() - FIELDS == set(LOG_FIELDS)
