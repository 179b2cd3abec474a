"""The twin's own processes: start one, wait until it answers, stop it by its id, read the end of its log."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from ops import twin_state
from ops.errors import TwinError
from ops.twin import callers, ownership, state_file
from ops.twin.stop_signals import held_back

START_TIMEOUT = 60.0
"""Seconds a process may take until it answers; a cold disk on a small machine needs some ten."""
STOP_TIMEOUT = 8.0
"""Seconds between TERM and KILL. The host's environments have two seconds for their SHUTDOWN."""
EXEC_TIMEOUT = 3.0
"""Seconds that a live process may have an empty environment: the kernel fills it in late in exec, after ``Popen`` has
returned. A program that was started with none is not the twin's."""
FORK_TIMEOUT = 1.0
"""Seconds that a process whose ID is in its mark may still have the program that started it."""
LOG_TAIL = 12
"""Lines."""
OURS = (
    b"ops.twin.emulator",
    b"ops.twin.host",
    b"ops.twin.sqsd",
    b"handler.http_server",
    b"streamlit",
    b"\0ops\0twin\0traffic\0",
)
SERVER_PORTS = range(20_000, 32_000)
"""Below the ports that systems give to outgoing connections (Linux from 32768, macOS from 49152): one of those can be taken
by any connection between the choice and the start of the server."""
FOLDER_VARIABLE = "OPS_TWIN_DIR"
"""Every process that is started for a folder has it in its environment."""

_started: dict[int, subprocess.Popen[bytes]] = {}
"""Our own children by id: only we can collect them, so that they do not stay zombies."""


@dataclass
class Child:
    role: str
    popen: subprocess.Popen[bytes]
    log: Path


def free_port(preferred: int = 0, further: int = 0) -> int:
    """``preferred`` (0: none) or one of the ``further`` ports after it, the first that is free on loopback;
    otherwise one of ``SERVER_PORTS``. Raises TwinError where none is free.
    """
    wanted = range(preferred, min(preferred + further, 65_535) + 1) if preferred else ()
    for port in (*wanted, *random.SystemRandom().sample(SERVER_PORTS, 100), 0):
        # Without SO_REUSEADDR a port in TIME_WAIT counts as taken, and a second start at once would move elsewhere.
        with socket.socket() as probe, contextlib.suppress(OSError):  # taken: the next one
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise TwinError("No free port on 127.0.0.1.")


def start(role: str, argv: Sequence[str], environ: Mapping[str, str], *, bound: bool) -> Child:
    """Start ``argv`` in the background with its output in ``<folder>/<role>.log``.

    ``bound``: the process dies with us, however we die (Linux: PR_SET_PDEATHSIG; elsewhere the next start cleans up).
    It gets a process group of its own, so that Ctrl-C reaches us alone and we stop it cleanly. Raises TwinError where it cannot
    be started.
    """
    log = state_file.make_folder() / f"{role}.log"
    mark = _pid_file(role)
    # It writes its own mark, before its program is loaded: whatever becomes of us meanwhile, what runs is named in a file.
    with _written(log) as out, _written(mark) as named, held_back():
        begin = partial(_begin, named.fileno(), os.getpid() if bound and sys.platform == "linux" else None)
        try:
            popen = subprocess.Popen(
                argv,
                env={**environ, FOLDER_VARIABLE: str(twin_state.folder())},
                cwd=twin_state.REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,  # what it writes is for its owner only, wherever that is
                preexec_fn=begin,
            )
        except subprocess.SubprocessError as error:  # in ``begin``, which has ended the child
            raise TwinError(
                f"The twin's {role} was not started: {mark} cannot be written.", "Is the disk full?"
            ) from error
        _started[popen.pid] = popen
    return Child(role, popen, log)


def _written(path: Path) -> IO[str]:
    try:
        return ownership.private(path, "w")
    except OSError as error:
        raise state_file.unusable(error) from error


def _pid_file(role: str) -> Path:
    return twin_state.folder() / f"{role}.pid"


def role_runs(role: str) -> bool:
    """Whether the process that was last started for ``role`` in this folder still runs."""
    try:
        return is_ours(int(_pid_file(role).read_text()))
    except (OSError, ValueError):
        return False


def stop_role(role: str) -> bool:
    """Stop the process that was last started for ``role`` in this folder; False when it does not run."""
    mark = _pid_file(role)
    running = False
    with contextlib.suppress(OSError, ValueError):  # no such file, or one that holds no number: nothing was started
        pid = int(mark.read_text())
        end = time.monotonic() + FORK_TIMEOUT
        while not (running := is_ours(pid)) and twin_state.alive(pid) and time.monotonic() < end:
            time.sleep(0.01)
        stop(pid)
    with contextlib.suppress(IsADirectoryError, PermissionError):  # a folder of this name is not the twin's
        mark.unlink(missing_ok=True)
    return running


def _begin(mark: int, parent: int | None) -> None:
    """Runs in the child before its program is loaded. ``mark``: the open file for its ID; ``parent``: the process with
    which it ends."""
    os.write(mark, str(os.getpid()).encode())
    if parent is not None:
        die_with(parent)


def die_with(parent: int) -> None:
    """Runs in a child before its program is loaded (Linux): it gets TERM when ``parent``, which forked it, ends."""
    pr_set_pdeathsig = 1
    # Our handler would hear the signal in the child, and forget it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the line above, and the kernel sends nothing for that
        os._exit(1)


def started_here(pid: int) -> bool:
    """Whether this very process started it, and it still runs."""
    own = _started.get(pid)
    return own is not None and own.poll() is None


def wait_until_healthy(child: Child, url: str, path: str, timeout: float = START_TIMEOUT, token: str = "") -> None:
    """Return once ``GET url+path`` answers 200. Raises TwinError with the end of the log when it never does."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if child.popen.poll() is not None:
            raise failure(child.role, child.log, f"{ending(child.popen.pid)} before it was ready")
        if answers(url, path, token):
            return
        time.sleep(0.05)
    raise failure(child.role, child.log, f"did not answer on {url} within {timeout:.0f} s")


def answers(url: str, path: str, token: str = "", timeout: float = 2.0) -> bool:
    """Whether ``GET url+path`` gives 200; ``token`` for a server that wants the twin's."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=timeout)
    try:
        connection.request("GET", path, headers=callers.bearing(token) if token else {})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def ending(pid: int) -> str:
    """How a process has ended, as the end of a sentence; only of our own children is more known than that it has."""
    own = _started.get(pid)
    code = own.poll() if own else None
    if code is None:
        return "ended"
    return f"was killed (signal {-code})" if code < 0 else f"ended with exit code {code}"


def failure(role: str, log: Path, what: str, again: str = "ops twin up") -> TwinError:
    """One error with what happened and the last lines of the log. ``again`` is the command that starts it again."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL:]
    except OSError:
        lines = []
    output = "\n".join(lines) if lines else "(it wrote nothing)"
    return TwinError(f"The twin's {role} {what}. The end of {log}:\n{output}", f"Read {log}, then try again: {again}.")


def stop(pid: int, timeout: float = STOP_TIMEOUT) -> None:
    """TERM, wait, KILL. Does nothing when the process is gone or is not one of the twin's (a reused id)."""
    if not is_ours(pid):
        return
    with contextlib.suppress(ProcessLookupError):  # it has ended since, here and below
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + timeout
    while _runs(pid) and time.monotonic() < end:
        time.sleep(0.02)
    if _runs(pid):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # start() made it the leader of its group
    if own := _started.pop(pid, None):
        own.wait()


def _runs(pid: int) -> bool:
    own = _started.get(pid)
    return own.poll() is None if own else twin_state.alive(pid)


def is_ours(pid: int) -> bool:
    """Whether the process was started for this folder: process IDs are reused, also by the twin of another folder.

    Where there is no ``/proc``, only its command line is compared.
    """
    process = Path(f"/proc/{pid}")
    try:
        variables = _variables(pid, process / "environ")
        argv = (process / "cmdline").read_bytes()
        if os.fsencode(f"{FOLDER_VARIABLE}={twin_state.folder()}") not in variables:
            return False
    except PermissionError:
        return False  # another user's
    except OSError:
        listing = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
        argv = listing.stdout
    return any(name in argv for name in OURS)


def _variables(pid: int, environ: Path) -> list[bytes]:
    """``NAME=value`` lines. A program that is just being started has none yet: then they are read again."""
    end = time.monotonic() + EXEC_TIMEOUT
    while not (content := environ.read_bytes()) and twin_state.alive(pid) and time.monotonic() < end:
        time.sleep(0.002)
    return content.split(b"\0")
