"""Every command is listed, documented and loaded only when it is run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup

from ops.cli.app import run
from ops.cli.commands_base.lazy_group import LazyCommand
from ops.cli.reference import every_command, root, with_reference
from ops.cli.reference.__main__ import README


def test_the_help_of_a_group_imports_none_of_its_commands() -> None:
    program = (
        "import sys; from ops.cli.app import run; run(['--help']); run(['dlq', '--help']);"
        "loaded = {name for name in sys.modules if name.startswith('ops.')};"
        "own = {'ops.cli', 'ops.cli.app', 'ops.cli.dlq', 'ops.cli.commands_base', 'ops.cli.commands_base.lazy_group'};"
        "own |= {f'ops.cli.output{name}' for name in ('', '.formats', '.sanitize')};"
        "rest = loaded - own - {'ops.errors', 'ops.untrusted_text'};"
        "sys.exit(f'imported: {rest}' if rest else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_group_lists_each_command_by_the_first_sentence_of_its_own_help() -> None:
    lazy = [each for each in root().commands.values() if isinstance(each, LazyCommand)]
    groups = [root(), *(found for each in lazy if isinstance(found := each.load(), TyperGroup))]
    declared = [each for group in groups for each in group.commands.values() if isinstance(each, LazyCommand)]
    assert len(declared) > 18
    for each in declared:
        assert str(each.load().help).startswith(str(each.help)), each.name


def test_a_mistyped_command_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dlq", "scn"]) == 2
    assert "Did you mean 'scan'?" in capsys.readouterr().err


def test_the_readme_names_every_command(repository: Path) -> None:
    text = (repository / "ops" / "README.md").read_text(encoding="utf-8")
    described = text.split("\n## Commands")[1].split("\n### What they have in common")[0]
    assert {*re.findall(r"`(ops [^`]+)`", described)} >= {name for name, _ in every_command()}


def test_the_reference_is_made_from_the_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_reference(text) == text, ".venv/bin/python -m ops.cli.reference writes it"
    assert re.findall(r"^### (ops [a-z -]+[a-z])", text, re.M) == [name for name, _ in every_command()]
    options = {option for _, command in every_command() for parameter in command.params for option in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= {*re.findall(r"--[a-z-]+", text)}
