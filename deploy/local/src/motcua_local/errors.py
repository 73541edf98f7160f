"""The one error people see: what is wrong, and what to do next."""


class LocalError(Exception):
    """Something on this machine stands in the way.

    `problem` says what was found, `next_step` what a person can do about it.
    """

    def __init__(self, problem: str, *, next_step: str) -> None:
        super().__init__(f"{problem}\n  next: {next_step}")
        self.problem = problem
        self.next_step = next_step
