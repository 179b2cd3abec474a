"""The function's image, staged on disk: what handler/Dockerfile copies, laid out as the container would have it.

Stands for the container image (``docker build`` and Lambda's image store). The Dockerfile is read, not run: ARG, ENV,
WORKDIR, COPY and CMD of the last stage are applied. RUN lines and what comes from another stage install packages and
byte code; here the project's own ``.venv`` has the packages (a test holds its versions to handler/requirements.txt).
Not modeled: the base image's own files, layers, users and ownership. What is not understood is refused with its line.
"""

from __future__ import annotations

import json
import py_compile
import re
import shlex
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ops.errors import TwinError
from ops.twin import ownership
from ops.twin_state import REPOSITORY

DOCKERFILE = REPOSITORY / "handler" / "Dockerfile"
BASE_VARIABLES = {"LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime"}
"""What the AWS base images set (public.ecr.aws/lambda/python, 2026) and a Dockerfile may refer to."""
TASK_ROOT = PurePosixPath(BASE_VARIABLES["LAMBDA_TASK_ROOT"])
TASK_ROOTS = tuple(BASE_VARIABLES.values())  # folders that the base image has, so a file copied to one goes into it
_LEFT_OUT = ("RUN", "LABEL", "USER", "EXPOSE", "SHELL", "STOPSIGNAL", "MAINTAINER")
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc")


@dataclass(frozen=True)
class Image:
    """A folder laid out as an image's root. ``command`` is CMD: the handler's name. ``variables`` are its ENV lines."""

    root: Path
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def task_root(self) -> Path:
        return self.root / "var" / "task"

    @property
    def extensions(self) -> list[Path]:
        """Every file that Lambda would start, in name order."""
        folder = self.root / "opt" / "extensions"
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.iterdir() if path.is_file() and path.stat().st_mode & stat.S_IXUSR)


@dataclass(frozen=True)
class Recipe:
    """A Dockerfile's last stage. ``copies`` has (file or folder in the build context, absolute path in the image)."""

    copies: tuple[tuple[Path, PurePosixPath], ...]
    command: tuple[str, ...]
    variables: Mapping[str, str]


def load(root: Path) -> Image:
    """A prepared folder: ``var/task``, ``opt/extensions`` and ``image.json`` with ``{"cmd": [...], "env": {...}}``.

    Raises TwinError when it is not one.
    """
    try:
        about = json.loads((root / "image.json").read_text())
        image = Image(root, tuple(about["cmd"]), about.get("env", {}))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TwinError(
            f"{root} is not an image folder: {error}.", "It needs an image.json with a cmd list."
        ) from error
    if not image.task_root.is_dir():
        raise TwinError(f"{root} is not an image folder: it has no var/task.", "Put the function's code there.")
    return image


def stage(root: Path, dockerfile: Path = DOCKERFILE, context: Path = REPOSITORY) -> Image:
    """Lay the image out in ``root`` again. Raises TwinError for a line that is not understood or a missing source."""
    recipe = read(dockerfile, context)
    ownership.remove(root)
    for source, target in recipe.copies:
        place = root / target.relative_to("/")
        if source.is_dir():
            shutil.copytree(source, place, dirs_exist_ok=True, ignore=_NOT_SHIPPED)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
    image = Image(root, recipe.command, recipe.variables)
    image.task_root.mkdir(parents=True, exist_ok=True)
    # A file system that is read-only at run time wants its byte code beforehand, and so the Dockerfile's RUN does this.
    for module in root.rglob("*.py"):
        # Beside its source, which is where the image has it, also where PYTHONPYCACHEPREFIX sends this machine's own.
        code = module.parent / "__pycache__" / f"{module.stem}.{sys.implementation.cache_tag}.pyc"
        py_compile.compile(
            str(module), str(code), quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )
    return image


def read(dockerfile: Path, context: Path) -> Recipe:
    """Read a Dockerfile. Raises TwinError, naming the line, for an instruction that the twin does not support."""
    try:
        text = dockerfile.read_text()
    except OSError as error:
        raise TwinError(f"{dockerfile} cannot be read: {error.strerror}.") from error
    arguments = dict(BASE_VARIABLES)
    last = _BuildStage()
    for number, name, rest in _instructions(text):
        where = f"{dockerfile.name} line {number}"
        if name == "FROM":
            last = _BuildStage()
        elif name == "ARG":
            key, _, value = rest.partition("=")
            arguments.setdefault(key.strip(), value.strip().strip("\"'"))
        elif name == "CMD":
            last.command = _command(rest, where)
        elif name not in _LEFT_OUT:
            last.apply(name, _expand(rest, arguments | last.variables), context, where)
    if not last.command:
        raise TwinError(f"{dockerfile.name} has no CMD.", 'Name the handler: CMD ["module.function"].')
    return Recipe(tuple(last.copies), last.command, last.variables)


@dataclass
class _BuildStage:
    """What the instructions since the last FROM have set."""

    copies: list[tuple[Path, PurePosixPath]] = field(default_factory=list)
    command: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    folder: PurePosixPath = TASK_ROOT

    def apply(self, name: str, rest: str, context: Path, where: str) -> None:
        if name == "ENV":
            self.variables.update(_pairs(rest, where))
        elif name == "WORKDIR":
            self.folder /= rest
        elif name == "COPY":
            self.copies += _copies(rest, self.folder, context, where)
        else:
            raise TwinError(f"{where}: {name} is not understood by the twin.", "Use COPY, ENV, WORKDIR and CMD.")


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, name and the rest of each instruction; comments gone, continued lines joined."""
    first_line, pending = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or (not line.strip() and not pending):
            continue
        first_line = first_line if pending else number
        if line.rstrip().endswith("\\"):
            pending += line.rstrip()[:-1] + " "
            continue
        name, _, rest = (pending + line).strip().partition(" ")
        pending = ""
        yield first_line, name.upper(), rest.strip()


def _expand(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda match: variables.get(match[1] or match[2], ""), text)


def _pairs(text: str, where: str) -> Iterator[tuple[str, str]]:
    for word in shlex.split(text):
        key, equals, value = word.partition("=")
        if not equals:
            raise TwinError(f"{where}: ENV {word} has no value.", "Write ENV NAME=value.")
        yield key, value


def _copies(text: str, folder: PurePosixPath, context: Path, where: str) -> Iterator[tuple[Path, PurePosixPath]]:
    words = json.loads(text) if text.startswith("[") else text.split()
    options = [word for word in words if word.startswith("--")]
    if any(option.startswith("--from=") for option in options):
        return  # installed packages, which .venv has
    if unknown := [option for option in options if not option.startswith(("--chmod=", "--chown=", "--link"))]:
        raise TwinError(f"{where}: COPY {unknown[0]} is not understood by the twin.")
    *sources, target = [word for word in words if not word.startswith("--")] or [""]
    if not sources:
        raise TwinError(f"{where}: COPY needs a source and a target.")
    place = folder / target
    for pattern in sources:
        found = sorted(context.glob(pattern.removeprefix("./").rstrip("/") or "."))
        if not found:
            raise TwinError(f"{where}: nothing in the project is called {pattern}.")
        for source in found:
            into = target.endswith(("/", ".")) or len(sources) > 1 or len(found) > 1 or str(place) in TASK_ROOTS
            yield source, place / source.name if into and source.is_file() else place


def _command(text: str, where: str) -> tuple[str, ...]:
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise TwinError(f"{where}: CMD must be a list.", 'Write CMD ["module.function"].')
    return tuple(words)
