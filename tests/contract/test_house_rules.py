"""The rules of CONTRIBUTING.md that a program can hold: sizes, docstrings, what is never written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bertolt

ROOT = Path(bertolt.__file__).parent
MAX_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_PARAMETERS = 8

Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def modules() -> dict[str, ast.Module]:
    """The parsed modules of the package, by their path."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.rglob("*.py"))
    }


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _body_lines(function: Function) -> int:
    """Lines of the body, without the docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = (first.end_lineno or 0) + 1 if documented else first.lineno
    return (function.end_lineno or 0) - start + 1


def _parameters(function: Function) -> int:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([each for each in named if each.arg not in ("self", "cls")])


def _undocumented(tree: ast.Module) -> Iterator[str]:
    """Public functions, classes and methods without a docstring; those inside a function are not public."""
    if tree.body and ast.get_docstring(tree) is None:
        yield "the module"
    for node in tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and not _is_overload(node):
            yield node.name
        for member in node.body if isinstance(node, ast.ClassDef) else ():
            if not isinstance(member, Function) or member.name.startswith("_"):
                continue
            if ast.get_docstring(member) is None and not _is_overload(member) and not _is_stub(member):
                yield f"{node.name}.{member.name}"


def _is_overload(node: Function | ast.ClassDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "overload" for each in node.decorator_list)


def _is_stub(function: Function) -> bool:
    """A member of a protocol that its class explains, written ``def name(self) -> str: ...``."""
    body = function.body[-1]
    return (
        isinstance(body, ast.Expr) and isinstance(body.value, ast.Constant) and body.value.value is Ellipsis
    )


def _too_large(name: str, tree: ast.Module) -> Iterator[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    if len(lines) >= MAX_LINES:
        yield f"{name}: {len(lines)} lines"
    for function in _functions(tree):
        where = f"{name}:{function.lineno} {function.name}"
        if _body_lines(function) >= MAX_FUNCTION_LINES:
            yield f"{where}: {_body_lines(function)} lines"
        # Where parameters are the options of a command, or of an estimator, the line says so.
        excused = "# noqa: PLR0913 (a parameter is " in lines[function.lineno - 1]
        if not excused and _parameters(function) > MAX_PARAMETERS:
            yield f"{where}: {_parameters(function)} parameters"


#: The one module that may read torch's pickles, as tensors alone.
READS_BIN = "models/weights.py"


def _unsafe(name: str, tree: ast.Module) -> Iterator[str]:
    """Code that could run a model folder's code: trusted remote code, pickle, an unrestricted torch.load."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                yield "trust_remote_code"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imported = (
                {node.module} if isinstance(node, ast.ImportFrom) else {name.name for name in node.names}
            )
            names = {each.name for each in node.names}
            if not (name == READS_BIN and names == {"UnpicklingError"}):
                yield from sorted(imported & {"pickle", "dill", "joblib", "cloudpickle"})
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
            restricted = any(
                option.arg == "weights_only" and ast.unparse(option.value) == "True"
                for option in node.keywords
            )
            if name != READS_BIN or not restricted:
                yield "torch.load"


def test_files_and_functions_are_small(modules: dict[str, ast.Module]) -> None:
    assert [line for name, tree in modules.items() for line in _too_large(name, tree)] == []


def test_what_is_public_is_documented(modules: dict[str, ast.Module]) -> None:
    assert [f"{name}: {item}" for name, tree in modules.items() for item in _undocumented(tree)] == []


def test_every_module_postpones_annotations(modules: dict[str, ast.Module]) -> None:
    assert [
        name
        for name, tree in modules.items()
        if any(not isinstance(node, ast.Expr) for node in tree.body)
        and "from __future__ import annotations" not in (ROOT / name).read_text(encoding="utf-8")
    ] == []


def test_remote_code_is_never_trusted_and_nothing_is_unpickled(modules: dict[str, ast.Module]) -> None:
    assert [f"{name}: {item}" for name, tree in modules.items() for item in _unsafe(name, tree)] == []


def test_no_file_is_called_utils() -> None:
    assert not [path for path in ROOT.rglob("*") if path.stem in ("utils", "helpers", "misc", "common")]
