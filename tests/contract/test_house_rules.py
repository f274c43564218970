"""The rules of CONTRIBUTING.md that a program can hold: sizes, docstrings, what is never written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bertolt

ROOT = Path(bertolt.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MAX_LINES = 300
MAX_FUNCTION_LINES = 50
MAX_PARAMETERS = 8

Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(params=FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def module(request: pytest.FixtureRequest) -> tuple[Path, ast.Module]:
    path: Path = request.param
    return path, ast.parse(path.read_text(encoding="utf-8"))


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


def test_files_and_functions_are_small(module: tuple[Path, ast.Module]) -> None:
    path, tree = module
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) < MAX_LINES
    for function in _functions(tree):
        where = f"{function.name} on line {function.lineno}"
        assert _body_lines(function) < MAX_FUNCTION_LINES, where
        # Where parameters are the options of a command, or of an estimator, the line says so.
        excused = "# noqa: PLR0913 (a parameter is " in lines[function.lineno - 1]
        assert excused or _parameters(function) <= MAX_PARAMETERS, where


def test_what_is_public_is_documented(module: tuple[Path, ast.Module]) -> None:
    assert list(_undocumented(module[1])) == []


def test_every_module_postpones_annotations(module: tuple[Path, ast.Module]) -> None:
    path, tree = module
    if any(not isinstance(node, ast.Expr) for node in tree.body):
        assert "from __future__ import annotations" in path.read_text(encoding="utf-8")


def test_remote_code_is_never_trusted_and_nothing_is_unpickled(module: tuple[Path, ast.Module]) -> None:
    for node in ast.walk(module[1]):
        if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                {node.module or ""}
                if isinstance(node, ast.ImportFrom)
                else {each.name for each in node.names}
            )
            assert not names & {"pickle", "dill", "joblib", "cloudpickle"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
            owner = node.func.value
            assert not (isinstance(owner, ast.Name) and owner.id == "torch"), "torch.load unpickles"


def test_no_file_is_called_utils() -> None:
    assert not [path for path in ROOT.rglob("*") if path.stem in ("utils", "helpers", "misc", "common")]
