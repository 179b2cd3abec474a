"""The package's public functions: what its docstring lists is there, and costs nothing until it is used."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ops.deadletters


@pytest.mark.parametrize("name", ops.deadletters.__all__)
def test_each_public_function_is_there(name: str) -> None:
    assert inspect.isfunction(getattr(ops.deadletters, name))


def test_the_docstring_lists_them_all() -> None:
    assert set(re.findall(r"``(\w+)\(", ops.deadletters.__doc__ or "")) == set(ops.deadletters.__all__)


def test_type_checkers_see_the_same_functions() -> None:
    tree = ast.parse(Path(ops.deadletters.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named = {
        name.asname or name.name: getattr(importlib.import_module(node.module or ""), name.name)
        for node in imports
        if node.module and node.module.startswith("ops.deadletters")
        for name in node.names
    }
    assert named == {name: getattr(ops.deadletters, name) for name in ops.deadletters.__all__}


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'redrive_everything'"):
        _ = ops.deadletters.redrive_everything


def test_importing_the_package_loads_none_of_its_modules() -> None:
    code = "import sys, ops.deadletters; print(*(name for name in sys.modules if name.startswith('ops.deadletters.')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
