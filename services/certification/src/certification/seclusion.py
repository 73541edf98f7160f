"""A process whose memory nobody else reads: it holds secrets, and strangers' files are read by
others of the same user.
"""

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4


def seclude() -> None:
    """From here on no process of the same user reads this one's memory, nor the environment that it
    was started with (prctl(2), `PR_SET_DUMPABLE`; on Linux alone), and it leaves no core file.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        system = ctypes.CDLL(None, use_errno=True)
        if system.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
