"""How the threads of the compiled loops wait for one another; loaded before any of them starts."""

from __future__ import annotations

import os

#: OpenMP reads it once, when numba loads it for the first loop. Its own choice is to spin, which on a
#: machine whose cores have other work to do turned a loop of microseconds into 20 ms, every time.
WAITING = "OMP_WAIT_POLICY"

os.environ.setdefault(WAITING, "PASSIVE")
