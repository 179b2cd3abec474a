"""Every command is listed, documented and loaded only when it is run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup

from ops.cli.app import run
from ops.cli.commands_base.lazy_group import LazyCommand
from tests.ops.cli.command_lines import every_command, root


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


SHARED = {"--stack", "--queue", "--function", "--profile", "--region", "--from", "--json", "--output", "--help"}


def test_the_readme_names_every_command_and_option(repository: Path) -> None:
    text = (repository / "ops" / "README.md").read_text(encoding="utf-8")
    reference = text.split("\n## Commands")[1].split("\n## ")[0]
    commands = dict(every_command())
    missing = [name for name in commands if f"`{name}`" not in reference]
    for name, command in commands.items():
        if not name.startswith("ops twin"):
            named = [one.secondary_opts if one.default is True else one.opts for one in command.params]  # --no-…
            options = {option for names in named for option in names if option.startswith("--")}
            missing += [f"{name} {option}" for option in options - SHARED if f"`{option}" not in reference]
    assert not missing
