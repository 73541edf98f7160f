"""Loads the packages whose name is also the name of their folder here.

pytest's importlib mode names a test after its path, `chassis.tests.test_clock`, and would otherwise
take the folder `chassis/` for the package of that name.
"""

import chassis
import simulators

__all__ = ["chassis", "simulators"]
