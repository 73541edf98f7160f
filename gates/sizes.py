"""Small and whole: the sizes of the house style, measured on the syntax tree.

Not here, because ruff holds them: complexity (C901), positional parameters (PLR0917).
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from statistics import median, quantiles

from gates.sources import ROOT, Finding, Source, read_sources, report

FUNCTION_LINES = 60
FILE_LINES = 400
PARAMETERS = 5
MEDIAN_FUNCTION_LINES = 10
CHASSIS_LINES = 2_450
"""Lines of code, see docs/adr/0039-operators-tools-are-a-package-of-their-own.md; it may only
shrink.
"""
WIRING_LINES = 60

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def check(sources: tuple[Source, ...]) -> Iterator[Finding]:
    """Every excess in these files."""
    for source in sources:
        yield from _file_excess(source)
        for function in functions(source.tree):
            yield from _function_excess(source, function)
    yield from _median_excess(sources)
    yield from _chassis_excess(sources)


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function and method, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from `def` to the last statement; decorators are not counted."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _file_excess(source: Source) -> Iterator[Finding]:
    lines = _line_count(source)
    limit = WIRING_LINES if fnmatch(str(source.path), "services/*/src/*/app.py") else FILE_LINES
    if lines > limit:
        yield Finding(source.path, 1, source.path.name, f"{lines} lines, at most {limit}")


def _function_excess(source: Source, function: Function) -> Iterator[Finding]:
    def excess(amount: int, unit: str, limit: int) -> Iterator[Finding]:
        if amount > limit:
            what = f"{amount} {unit}, at most {limit}"
            yield Finding(source.path, function.lineno, function.name, what)

    yield from excess(length(function), "lines", FUNCTION_LINES)
    if source.is_test:  # pytest hands fixtures over as parameters
        return
    yield from excess(_parameters(function), "parameters", PARAMETERS)


def _parameters(function: Function) -> int:
    """How many parameters; self and cls do not count."""
    arguments = function.args
    gathered = (each for each in (arguments.vararg, arguments.kwarg) if each)
    positional = (*arguments.posonlyargs, *arguments.args)
    names = [each.arg for each in (*positional, *arguments.kwonlyargs, *gathered)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def _median_excess(sources: tuple[Source, ...]) -> Iterator[Finding]:
    lengths = product_lengths(sources)
    if lengths and median(lengths) > MEDIAN_FUNCTION_LINES:
        what = f"{median(lengths):g} lines, at most {MEDIAN_FUNCTION_LINES}"
        yield Finding(Path(), 1, "median function", what)


def _chassis_excess(sources: tuple[Source, ...]) -> Iterator[Finding]:
    lines = chassis_lines(sources)
    if lines > CHASSIS_LINES:
        what = f"{lines} lines of code in all, at most {CHASSIS_LINES}"
        yield Finding(Path("chassis/src"), 1, "chassis", what)


def product_lengths(sources: Iterable[Source]) -> list[int]:
    """The length of each function outside the tests."""
    product = (source for source in sources if not source.is_test)
    return [length(function) for source in product for function in functions(source.tree)]


def chassis_lines(sources: Iterable[Source]) -> int:
    """Lines of code that services run: no blank lines, comments, docstrings, test support."""
    return sum(code_lines(source) for source in sources if _is_chassis(source))


def _is_chassis(source: Source) -> bool:
    return source.within("chassis", "src") and "testing" not in source.path.parts


def code_lines(source: Source) -> int:
    """Lines with code on them."""
    readline = io.StringIO(source.text).readline
    coded = {
        line
        for token in tokenize.generate_tokens(readline)
        if token.type not in _NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    said = {
        line
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Expr) and _is_text(node.value)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return len(coded - said)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _line_count(source: Source) -> int:
    return len(source.text.splitlines())


def summary(sources: tuple[Source, ...]) -> str:
    """Median and 90th percentile of the functions, and the size of the chassis."""
    lengths = product_lengths(sources)
    chassis = f"chassis {chassis_lines(sources)} lines of code"
    if len(lengths) < 2:
        return chassis
    ninetieth = quantiles(lengths, n=10, method="inclusive")[-1]
    return f"{len(lengths)} functions, median {median(lengths):g}, p90 {ninetieth:.0f}; {chassis}"


def main(root: Path = ROOT) -> int:
    """Check this tree; gives the exit code."""
    sources = read_sources(root)
    return report("sizes", check(sources), summary=summary(sources))


if __name__ == "__main__":
    sys.exit(main())
