"""What stops a simulator from starting."""


class SimulatorError(Exception):
    """The message is for the person at the terminal and says what to do next."""
