"""Several things at once, and every failure told."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from motcua_local.errors import LocalError


def together(actions: Sequence[Callable[[], object]]) -> None:
    """Run actions side by side to their ends; then raise what failed, all of it in one error."""
    if not actions:
        return
    with ThreadPoolExecutor(len(actions)) as pool:
        futures = [pool.submit(action) for action in actions]
    failures = [error for future in futures if (error := future.exception()) is not None]
    if len(failures) > 1 and all(isinstance(failure, LocalError) for failure in failures):
        told = "\n".join(str(failure) for failure in failures)
        raise LocalError(told, next_step="mend these one by one, then run it again")
    if failures:
        raise failures[0]
