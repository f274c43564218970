"""``bertolt tasks``: the tasks, and what one reads, can be told and reports."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from bertolt.cli.options import Json
from bertolt.cli.output import print_json, print_table
from bertolt.tasks.registry import all_tasks, get_task
from bertolt.tasks.task import Task


def tasks(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A task or an alias of one.")] = None,
    *,
    json: Json = False,
) -> None:
    """List the tasks, or show one: the columns it reads, the settings that --set takes, its metric.

    \b
    Example:
      bertolt tasks
      bertolt tasks text-classification
    """
    if name is None:
        found = all_tasks()
        if json:
            print_json({"tasks": [describe(task) for task in found.values()]})
            return
        print_table([(task.name, task.summary, ", ".join(task.aliases)) for task in found.values()])
        return
    document = describe(get_task(name))
    if json:
        print_json(document)
    else:
        _show(document)


def describe(task: Task) -> dict[str, Any]:
    """A task as ``--json`` prints it."""
    properties = task.Settings.model_json_schema().get("properties", {})
    return {
        "name": task.name,
        "aliases": list(task.aliases),
        "summary": task.summary,
        "metric": task.metric,
        "long": list(task.policies),
        "columns": [
            {
                "name": column.name,
                "aliases": [alias for alias in column.aliases if alias != column.name],
                "target": column.target,
                "required": column.required,
            }
            for column in task.columns
        ],
        "settings": [
            {
                "name": field,
                "default": schema.get("default"),
                "type": _type(schema),
                "help": schema.get("description", ""),
            }
            for field, schema in properties.items()
        ],
    }


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "|".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return "|".join(_type(option) for option in schema["anyOf"])
    return str(schema.get("type", "any"))


def _show(document: dict[str, Any]) -> None:
    out = sys.stdout
    out.write(f"{document['name']}: {document['summary']}.\n")
    if document["aliases"]:
        out.write(f"Also called: {', '.join(document['aliases'])}\n")
    out.write(f"Primary metric: {document['metric']}\n")
    out.write(f"Longer texts (--long), the usual way first: {', '.join(document['long'])}\n\n")
    out.write("Columns, with the usual names that are understood:\n")
    print_table(
        [
            (
                column["name"],
                "learnt" if column["target"] else "read" if column["required"] else "read, optional",
                ", ".join(column["aliases"]),
            )
            for column in document["columns"]
        ],
        indent=2,
    )
    out.write("\nSettings (--set NAME=VALUE):" + ("\n" if document["settings"] else " none\n"))
    if document["settings"]:
        print_table(
            [
                (each["name"], each["type"], f"default {each['default']!r}", each["help"])
                for each in document["settings"]
            ],
            indent=2,
        )
