"""handler/Dockerfile and its requirements: what Lambda needs of an image, and the same packages as the twin's."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import distribution, version

import pytest

from tests.fakes.runtime_api import REPOSITORY

DOCKERFILE = REPOSITORY / "handler" / "Dockerfile"
Instruction = tuple[str, str]


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", (REPOSITORY / name).read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def instructions() -> list[Instruction]:
    """(name, rest) of each instruction, continued lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    pairs = (line.strip().partition(" ") for line in text.splitlines() if line.strip())
    return [(name, " ".join(rest.split())) for name, _, rest in pairs]


@pytest.fixture(scope="module")
def copied(instructions: list[Instruction]) -> dict[str, str]:
    """Source in the project → target in the image, of the last stage."""
    last = max(place for place, (name, _) in enumerate(instructions) if name == "FROM")
    lines = [rest.split() for name, rest in instructions[last:] if name == "COPY" and "--from=" not in rest]
    return {source: target for *sources, target in lines for source in sources}


def imports(folder: str) -> set[str]:
    """Third-party packages that the handler imports, at any depth."""
    found = set()
    for path in (REPOSITORY / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            found |= {name.partition(".")[0] for name in names}
    return found - set(sys.stdlib_module_names) - {"handler", "mypy_boto3_dynamodb"}


def test_the_images_packages_are_the_projects_versions() -> None:
    ours, project = pins("handler/requirements.txt"), pins("requirements.txt")
    assert ours == {name: project.get(name) for name in ours}


@pytest.mark.parametrize("name", ["requirements.txt", "handler/requirements.txt"])
def test_every_package_is_pinned_with_the_hashes_of_its_files(name: str) -> None:
    text = (REPOSITORY / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pinned = re.compile(r"[A-Za-z0-9_.-]+==\S+( +; [^-]+)?( +--hash=sha256:[0-9a-f]{64})+ *")
    assert lines and [line[:60] for line in lines if not pinned.fullmatch(line)] == []


def test_the_twin_runs_the_same_versions() -> None:
    assert {name: version(name) for name in pins("handler/requirements.txt")} == pins("handler/requirements.txt")


def test_the_image_has_what_the_handler_imports_and_no_more() -> None:
    pinned = {name.lower().replace("_", "-") for name in pins("handler/requirements.txt")}
    names = {"aws_lambda_powertools": "aws-lambda-powertools", "sklearn": "scikit-learn"}
    wanted = {names.get(name, name) for name in imports("handler")}
    assert wanted <= pinned
    needed, waiting = set(), list(wanted)
    while waiting:
        name = waiting.pop()
        needed.add(name)
        for line in distribution(name).requires or []:
            if "extra ==" not in line and (found := re.match(r"[A-Za-z0-9._-]+", line)):
                required = found[0].lower().replace("_", "-")
                waiting += [required] if required not in needed else []
    assert pinned <= needed


def test_every_module_of_the_handler_is_copied(copied: dict[str, str]) -> None:
    folders = {str(path.parent.relative_to(REPOSITORY)) for path in (REPOSITORY / "handler").rglob("*.py")}
    for folder in folders:
        root = "/opt/scilearn-extension" if folder.startswith("handler/extension") else "/var/task"
        assert copied[f"{folder}/*.py"] == f"{root}/{folder}/"


def test_sources_are_in_the_project(copied: dict[str, str]) -> None:
    assert all(list(REPOSITORY.glob(source)) for source in copied)


def test_the_extension_alone_lies_where_lambda_starts_extensions(
    copied: dict[str, str], instructions: list[Instruction]
) -> None:
    started = {source: target for source, target in copied.items() if target.startswith("/opt/extensions")}
    assert list(started) == ["handler/extension/scilearn-telemetry"]
    [target] = started.values()
    assert any(f"chmod 755 {target}" in rest for name, rest in instructions if name == "RUN")


def test_the_base_is_awss_and_fits_both_architectures(instructions: list[Instruction]) -> None:
    bases = {rest.split()[0] for name, rest in instructions if name == "FROM"}
    assert bases == {"public.ecr.aws/lambda/python:${PYTHON}"}
    assert ("ARG", "PYTHON=3.14") in instructions and ("ARG", "TARGETARCH") in instructions
    assert not any("platform" in rest for name, rest in instructions if name == "FROM")


def test_the_image_says_what_it_was_built_on(instructions: list[Instruction]) -> None:
    last = max(place for place, (name, _) in enumerate(instructions) if name == "FROM")
    labels = " ".join(rest for name, rest in instructions[last:] if name == "LABEL")
    assert f'org.opencontainers.image.base.name="{instructions[last][1]}"' in labels
    assert ("ARG", "PYTHON") in instructions[last:], "an ARG before FROM is empty in a stage that does not repeat it"


def test_the_command_is_the_handler(instructions: list[Instruction]) -> None:
    assert instructions[-1] == ("CMD", '["handler.app.lambda_handler"]')
    assert (REPOSITORY / "handler" / "app.py").read_text().count("def lambda_handler(") == 1


def test_layers_are_cached_and_small(instructions: list[Instruction]) -> None:
    places = {rest: place for place, (name, rest) in enumerate(instructions) if name in ("COPY", "RUN")}
    install = next(place for rest, place in places.items() if "pip install" in rest)
    requirements = next(place for rest, place in places.items() if "requirements.txt /" in rest)
    sources = [place for rest, place in places.items() if "/*.py" in rest]
    assert requirements < install < min(sources), "a change of the code must not install the packages again"
    command = instructions[install][1]
    for option in ("--no-cache-dir", "--no-deps", "--only-binary :all:", "--require-hashes", "--requirement"):
        assert option in command
    assert "rm -rf" in command and "tests" in command
    assert {name for name, _ in instructions}.isdisjoint({"ADD", "USER", "ENTRYPOINT", "MAINTAINER"})
    assert not any(word in rest for _, rest in instructions for word in ("latest", "sudo", "apt", "COPY . "))


def test_code_is_compiled_where_it_lies(instructions: list[Instruction]) -> None:
    compiled = " ".join(rest for name, rest in instructions if name == "RUN" and "compileall" in rest)
    for folder in ("unchecked-hash /var/task", "/opt/scilearn-extension", "/var/task/handler"):
        assert folder in compiled
    assert compiled.count("unchecked-hash") == compiled.count("compileall"), "timestamps change with a copy"


def test_only_the_handlers_folder_goes_to_the_builder(copied: dict[str, str]) -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["*", "!handler", "**/__pycache__"]
    assert all(source.startswith("handler/") for source in copied)
