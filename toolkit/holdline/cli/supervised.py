"""`python -m holdline.cli.supervised …`: the command line for whoever must not leave a run behind, dead or alive.

Standard input is a pipe that the supervisor holds open. Once it closes, as it does when the supervisor is killed, this
process and all it started are killed as well: `migrate` is safe to kill, and nobody would learn how it ended.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from holdline.cli import main


def _die_with_supervisor(pipe: int) -> None:
    while os.read(pipe, 4096):
        pass
    os.killpg(0, signal.SIGKILL)  # we lead a group of our own: see holdline.fleet.processes


if __name__ == "__main__":
    supervisor = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=_die_with_supervisor, args=(supervisor,), daemon=True).start()
    sys.exit(main())
