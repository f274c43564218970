"""Tasks by name. A task is found because its file stands in this folder and holds a ``TASK``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import bertolt.tasks
from bertolt.errors import UnknownNameError
from bertolt.tasks.task import Task

DEFAULT = "text-classification"


@cache
def all_tasks() -> dict[str, Task]:
    """Every task by its name, in alphabetical order."""
    found: dict[str, Task] = {}
    for module in pkgutil.iter_modules(bertolt.tasks.__path__):
        task: Task | None = getattr(importlib.import_module(f"bertolt.tasks.{module.name}"), "TASK", None)
        if task is not None:
            found[task.name] = task
    return dict(sorted(found.items()))


def get_task(name: str) -> Task:
    """The task of a name or an alias.

    Raises:
        UnknownNameError: there is none; near names are offered.
    """
    tasks = all_tasks()
    if name in tasks:
        return tasks[name]
    for task in tasks.values():
        if name in task.aliases:
            return task
    aliases = [alias for task in tasks.values() for alias in task.aliases]
    raise UnknownNameError("task", name, [*tasks, *aliases])
