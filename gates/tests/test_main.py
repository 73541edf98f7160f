"""`python -m gates` runs every gate, and one that fails fails the run."""

import pytest

from gates import __main__ as gates


def test_all_gates_run_even_after_one_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def gate(name: str, code: int) -> int:
        ran.append(name)
        return code

    monkeypatch.setattr(
        gates, "GATES", (lambda: gate("a", 0), lambda: gate("b", 1), lambda: gate("c", 0))
    )

    assert gates.main() == 1
    assert ran == ["a", "b", "c"]
