"""Which asyncio task runs, asked without importing asyncio for it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from typing import Any


def task() -> Task[Any] | None:
    """Return the task that runs in this thread; None outside of tasks."""
    events = sys.modules.get("asyncio.events")
    loop = None if events is None else events._get_running_loop()
    if loop is None:
        return None
    running: Task[Any] | None = sys.modules["asyncio.tasks"].current_task(loop)
    return running


def task_name() -> str | None:
    """Return the name of that task."""
    current = task()
    return None if current is None else str(current.get_name())
