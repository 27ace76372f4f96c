"""How long functions are, and how many parameters they have."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PARAMETERS, MOST_WITH_MORE = 6, 13  # functions for users name their options one by one
LINES, MOST_LONGER = 45, 3  # `scan`, `clean` and `Index.open`, with their options and examples
KERNEL_PARAMETERS = 6


def functions():
    """Yield (name, node) of every function of the package."""
    for path in sorted((ROOT / "dedup").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{path.relative_to(ROOT / 'dedup').as_posix()} {node.name}"
                yield name, node


def parameters_of(node):
    """Return the names of all parameters, ``self`` and ``cls`` aside."""
    given = node.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names += [each.arg for each in (given.vararg, given.kwarg) if each]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def test_few_functions_have_many_parameters():
    found = [name for name, node in functions() if len(parameters_of(node)) > PARAMETERS]
    assert len(found) <= MOST_WITH_MORE, found


def test_no_kernel_has_many_parameters():
    found = [
        name
        for name, node in functions()
        if name.startswith("kernels/") and len(parameters_of(node)) > KERNEL_PARAMETERS
    ]
    assert not found


def test_few_functions_are_long():
    found = [name for name, node in functions() if node.end_lineno - node.lineno >= LINES]
    assert len(found) <= MOST_LONGER, found
