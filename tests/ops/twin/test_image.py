"""The staged image is what the Dockerfile copies, and a Dockerfile that cannot be followed is refused by its line."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from pathlib import Path, PurePosixPath

import pytest

from ops.errors import TwinError
from ops.twin import image
from ops.twin_state import REPOSITORY


def copied_by(dockerfile: str) -> set[str]:
    """Every file that a Dockerfile's last stage copies from the context, worked out the simplest way, line by line."""
    last = dockerfile.replace("\\\n", " ").rpartition("\nFROM ")[2]
    found = set()
    for line in last.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            *sources, target = line.split()[1:]
            for path in [path for source in sources for path in REPOSITORY.glob(source)]:
                found.add(target + path.name if target.endswith("/") else target)
    return found


@pytest.mark.parametrize("elsewhere", [False, True], ids=["", "PYTHONPYCACHEPREFIX"])
def test_what_is_staged_is_what_the_dockerfile_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "pyc") if elsewhere else None)
    staged = image.stage(tmp_path / "image")
    written = [path.relative_to(staged.root) for path in staged.root.rglob("*") if path.is_file()]
    files = {f"/{path}" for path in written if "__pycache__" not in path.parts}
    assert files == copied_by(image.DOCKERFILE.read_text())
    module = staged.command[0].rpartition(".")[0].replace(".", "/") + ".py"
    assert f"/var/task/{module}" in files
    assert [path.name for path in staged.extensions] == ["scilearn-telemetry"]
    modules = [path for path in files if path.endswith(".py")]
    assert len([path for path in written if path.match("__pycache__/*.pyc")]) == len(modules)


def test_the_project_has_the_versions_that_the_image_pins() -> None:
    pins = re.findall(r"^([A-Za-z0-9_-]+)==(\S+)", (REPOSITORY / "handler" / "requirements.txt").read_text(), re.M)
    assert pins
    assert {name: version(name) for name, _ in pins} == dict(pins)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "src" / "lib" / "__pycache__").mkdir(parents=True)
    for name in ("app.py", "lib/a.py", "lib/b.txt", "lib/__pycache__/a.pyc", "tool"):
        (tmp_path / "src" / name).write_text(name)
    (tmp_path / "src" / "tool").chmod(0o755)
    return tmp_path


def recipe(context: Path, text: str) -> image.Recipe:
    (context / "Dockerfile").write_text(text)
    return image.read(context / "Dockerfile", context)


def test_copies_globs_folders_variables_and_stages(context: Path) -> None:
    (context / "Dockerfile").write_text(
        "# comment\nARG BASE=python\nFROM ${BASE} AS build\nCOPY src/app.py /lost/\nRUN make \\\n  all\n"
        "FROM base\nENV PLACE=/opt/extra MODE='a b'\nCOPY --from=build /x /y\nWORKDIR sub\n"
        "COPY --chmod=755 src/app.py ./\nCOPY src/lib ${PLACE}/lib\nCOPY src/lib/*.py src/app.py $PLACE/many/\n"
        'COPY ["src/tool", "/opt/extensions/tool"]\nCMD [ "app.handler" ]\n'
    )
    staged = image.stage(context / "out", context / "Dockerfile", context)
    files = {str(path.relative_to(staged.root)) for path in staged.root.rglob("*") if path.is_file()}
    assert {file for file in files if "__pycache__" not in file} == {
        "var/task/sub/app.py",
        "opt/extra/lib/a.py",
        "opt/extra/lib/b.txt",
        "opt/extra/many/a.py",
        "opt/extra/many/app.py",
        "opt/extensions/tool",
    }
    assert staged.command == ("app.handler",)
    assert staged.variables == {"PLACE": "/opt/extra", "MODE": "a b"}
    assert [path.name for path in staged.extensions] == ["tool"]


def test_a_default_target_is_the_task_root(context: Path) -> None:
    read = recipe(context, 'FROM x\nCOPY src/app.py ${LAMBDA_TASK_ROOT}\nCMD ["a.b"]\n')
    assert [target for _, target in read.copies] == [PurePosixPath("/var/task/app.py")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ADD a b", "line 2: ADD is not understood"),
        ('ENTRYPOINT ["x"]', "line 2: ENTRYPOINT is not understood"),
        ("COPY nowhere.py /var/task/", "line 2: nothing in the project is called nowhere.py"),
        ("COPY --parents src/app.py /var/task/", "line 2: COPY --parents is not understood"),
        ("COPY src/app.py", "line 2: COPY needs a source and a target"),
        ("ENV LONELY", "line 2: ENV LONELY has no value"),
        ("CMD app.handler", "line 2: CMD must be a list"),
        ("RUN true", "has no CMD"),
    ],
)
def test_what_cannot_be_followed_is_named(context: Path, line: str, message: str) -> None:
    with pytest.raises(TwinError, match=re.escape(message)):
        recipe(context, f"FROM x\n{line}\n")


def test_a_dockerfile_or_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TwinError, match="cannot be read"):
        image.read(tmp_path / "Dockerfile", tmp_path)
    with pytest.raises(TwinError, match=r"not an image folder"):
        image.load(tmp_path)
    (tmp_path / "image.json").write_text('{"cmd": ["a.b"]}')
    with pytest.raises(TwinError, match="no var/task"):
        image.load(tmp_path)
