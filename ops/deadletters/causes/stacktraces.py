"""Stack traces as they stand in logs: Python, Node.js, Java and .NET, read leniently.

Python's Lambda runtime logs an unhandled exception as ``[ERROR] Type: message``, then the traceback without its last
line, sometimes with carriage returns for line feeds; ``logger.exception`` and ``traceback`` write the traceback with
it. Node.js writes ``Type: message`` and frames, or an object with ``errorType``, ``errorMessage`` and ``stack``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FOREIGN = re.compile(
    r"site-packages|dist-packages|/lib/python\d|/opt/python/|/var/(?:lang|runtime)/|<frozen|<string>|awslambdaric"
    r"|node_modules|\bnode:|\binternal/"
    r"|^(?:java|javax|jdk|sun|kotlin|scala|lambdainternal|com\.amazonaws|com\.fasterxml|software\.amazon"
    r"|org\.springframework|org\.apache|System|Microsoft|Amazon)\."
)
"""Frames of the platform, the standard library or packages: nobody's own code."""
PARTS_OF_A_PATH = 3
LONGEST = 20_000

_CODE_FOLDER = re.compile(r"^.*?/task/|^file://")
"""/var/task on Lambda, and a folder of that name where Lambda is stood in for."""
_NAME = r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*"
_PYTHON = "Traceback (most recent call last):"
_PYTHON_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+), in (.+?)\s*$', re.MULTILINE)
_RUNTIME_ERROR = re.compile(rf"^\[ERROR\]\s+({_NAME})(?::[ \t]*(.*))?$", re.MULTILINE)
_RAISED = re.compile(rf"^({_NAME})(?::[ \t]?(.*))?$")
_NODE_FRAME = re.compile(r"^\s+at (?:async )?(?:(.+?) \()?(?:file://)?([^()\s]+?):(\d+):\d+\)?\s*$", re.MULTILINE)
_JAVA_FRAME = re.compile(r"^\s+at (?:[\w.]+//?)?([\w.$<>]+)\(([\w$]+\.\w+):(\d+)\)\s*$", re.MULTILINE)
_DOTNET_FRAME = re.compile(r"^\s+at ([\w.`<>+]+)\(.*\) in (\S+):line (\d+)\s*$", re.MULTILINE)
_THROWN = re.compile(rf"(?:^|[\s:])((?:{_NAME}\.)?\w*(?:Error|Exception|Throwable|Failure|Fault))(?::[ \t]*(.*))?$")


@dataclass(frozen=True)
class Trace:
    """``location``: the innermost own frame, ``handler/jobs/train.py:88 fit``; empty where all are others'."""

    error_type: str
    error_message: str
    location: str = ""


def parse(text: str) -> Trace | None:
    """The error that a stack trace in ``text`` tells of; None where there is none."""
    text = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    if _PYTHON in text:
        return _python(text)
    if _JAVA_FRAME.search(text):
        return _java(text)
    if _NODE_FRAME.search(text) or _DOTNET_FRAME.search(text):
        return _node(text)
    return None


def location(frames: str | list[object]) -> str:
    """The innermost own frame of a stack trace alone, as text or as a list of its lines."""
    text = frames if isinstance(frames, str) else "\n".join(str(line) for line in frames)
    text = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    if found := _PYTHON_FRAME.findall(text):
        return _own([(path, line, name) for path, line, name in reversed(found)])
    if found := _JAVA_FRAME.findall(text):
        return _own([(file, line, name) for name, file, line in found])
    if found := _DOTNET_FRAME.findall(text):
        return _own([(file, line, name) for name, file, line in found])
    return _own([(path, line, name) for name, path, line in _NODE_FRAME.findall(text)])


def own_frame(path: str, line: object, name: str) -> str:
    """``handler/jobs/train.py:88 fit``: the path without the folder that the code was put in."""
    parts = re.split(r"[\\/]+", _CODE_FOLDER.sub("", path, count=1))
    return f"{'/'.join([part for part in parts if part][-PARTS_OF_A_PATH:])}:{line} {name}".strip()


def _own(frames: list[tuple[str, str, str]]) -> str:
    for path, line, name in frames:
        if not FOREIGN.search(path) and not FOREIGN.search(name):
            return own_frame(path, line, name)
    return ""


def _python(text: str) -> Trace:
    """Of chained exceptions the last one: it is what left the handler."""
    head, *blocks = text.split(_PYTHON)
    place = next((found for block in reversed(blocks) if (found := location(block))), "")
    for line_number, line in enumerate(lines := blocks[-1].split("\n")):
        if line and not line[0].isspace() and (raised := _RAISED.match(line)):
            rest = [part.strip() for part in lines[line_number + 1 :] if part.strip()]
            return Trace(raised[1], " ".join([raised[2] or "", *rest[:5]]).strip(), place)
    if runtime := _RUNTIME_ERROR.search(head):
        return Trace(runtime[1], (runtime[2] or "").strip(), place)
    return Trace("Exception", "", place)


def _java(text: str) -> Trace:
    """The root: what stands behind the last "Caused by"."""
    head, *causes = text.split("Caused by: ")
    told = causes[-1] if causes else head
    kind, message = _thrown(told.split("\n"))
    return Trace(kind or "Exception", message, location(told) or location(text))


def _node(text: str) -> Trace:
    kind, message = _thrown(text.split("\n"))
    return Trace(kind or "Error", message, location(text))


def _thrown(lines: list[str]) -> tuple[str, str]:
    """Type and message on the last line before the first frame that names an error."""
    before: list[str] = []
    for line in lines:
        if re.match(r"\s+at ", line):
            break
        before.append(line)
    for line in reversed(before):
        if found := _THROWN.search(line):
            return found[1], (found[2] or "").strip()
    return "", before[-1].strip() if before else ""
