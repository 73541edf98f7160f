"""Silence is an alarm: who catches any error and goes on counts it, so that somebody can be told.

A handler of `Exception` must raise, count (`….inc()`, itself or in a function of its module), or
give the error back as a value. Statements right after its `try` may count, too.
"""

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from gates.sources import ROOT, Finding, Source, read_sources, report

PRODUCT = (
    "chassis/src/*",
    "documents/src/*",
    "operations/src/*",
    "services/*/src/*",
)
CONFINED = frozenset({Path("services/certification/src/certification/pdf_traces.py")})
"""Runs in a job that reads strangers' files, where any parser may raise anything and no message
rests: the job's verdict is counted by who gave it.
"""

BROAD = frozenset({"Exception", "BaseException"})

Block = list[ast.stmt]


def check(sources: tuple[Source, ...]) -> Iterator[Finding]:
    """Every broad handler in the product after which nobody is told."""
    for source in sources:
        if _is_product(source):
            counting = _counting(source.tree)
            for node in ast.walk(source.tree):
                found = (*_silent_tries(node, counting), *_suppressed(node), *_gathered(node))
                for line, name in found:
                    yield Finding(source.path, line, name, "goes on after any error, uncounted")


def _is_product(source: Source) -> bool:
    path = source.path
    measured = "testing" not in path.parts and path not in CONFINED
    return measured and any(fnmatch(str(path), folder) for folder in PRODUCT)


def _silent_tries(node: ast.AST, counting: frozenset[str]) -> Iterator[tuple[int, str]]:
    for block in _blocks(node):
        for place, statement in enumerate(block):
            if isinstance(statement, ast.Try) and not _counts(block[place + 1 :], counting):
                yield from (
                    (handler.lineno, ast.unparse(handler.type) if handler.type else "except")
                    for handler in statement.handlers
                    if _is_broad(handler.type) and not _is_told(handler, counting)
                )


def _blocks(node: ast.AST) -> Iterator[Block]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


def _is_broad(caught: ast.expr | None) -> bool:
    match caught:
        case None:
            return True
        case ast.Name(id=name):
            return name in BROAD
        case ast.Tuple(elts=each):
            return any(_is_broad(one) for one in each)
        case _:
            return False


def _is_told(handler: ast.ExceptHandler, counting: frozenset[str]) -> bool:
    return (
        isinstance(handler.body[-1], ast.Raise)
        or _counts(handler.body, counting, anywhere=True)
        or any(_gives_back(node, handler.name) for node in ast.walk(handler))
    )


def _gives_back(node: ast.AST, error: str | None) -> bool:
    """Whether it returns something that is made of the error."""
    if not isinstance(node, ast.Return) or node.value is None:
        return False
    return any(isinstance(part, ast.Name) and part.id == error for part in ast.walk(node.value))


def _counts(block: Block, counting: frozenset[str], *, anywhere: bool = False) -> bool:
    """Whether a statement of the block counts, whatever happens before it; or one within it."""
    statements = [each for each in block if anywhere or isinstance(each, ast.Expr)]
    return any(_calls(node) & counting for each in statements for node in ast.walk(each))


def _calls(node: ast.AST) -> set[str]:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return {name}
        case _:
            return set()


def _counting(tree: ast.Module) -> frozenset[str]:
    """`inc`, and the functions of the module that lead to it."""
    called = {
        function.name: {name for node in ast.walk(function) for name in _calls(node)}
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    counting: set[str] = {"inc"}
    while more := {name for name, calls in called.items() if calls & counting} - counting:
        counting |= more
    return frozenset(counting)


def _suppressed(node: ast.AST) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Call(func=ast.Name(id="suppress"), args=caught) if any(map(_is_broad, caught)):
            yield node.lineno, "suppress"
        case _:
            pass


def _gathered(node: ast.AST) -> Iterator[tuple[int, str]]:
    """A function that takes errors as results and raises none."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    inside = [*ast.walk(node)]
    if not any(isinstance(each, ast.Raise) for each in inside):
        for each in inside:
            match each:
                case ast.keyword(arg="return_exceptions", value=ast.Constant(value=True)):
                    yield each.lineno, "return_exceptions"
                case _:
                    pass


def main(root: Path = ROOT) -> int:
    """Check this tree; gives the exit code."""
    sources = read_sources(root)
    return report("swallowed errors", check(sources), summary=f"{len(sources)} files")


if __name__ == "__main__":
    sys.exit(main())
