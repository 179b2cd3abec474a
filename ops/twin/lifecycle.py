"""Start, stop and look at the twin: two processes on loopback and one stack, as template.yaml says.

``up`` is safe to call at any time: a running twin is returned as it is, what a failed one left is cleared away.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import string
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ops import access, twin_state
from ops.errors import PortInUse
from ops.files import file_lock
from ops.twin import deploy, ownership, processes, state_file
from ops.twin.stop_signals import held_back, interrupted_by_signals
from ops.twin_state import TwinState

REGION = "us-east-1"
ACCOUNT = "000000000000"
EMULATOR_PORT = 4566
METRICS_PERIOD = 5
"""Seconds between two published metric points. Pages ask for periods of 10 (``FINEST_PERIOD``), which always hold a point."""
FINEST_PERIOD = 10
ROLES = ("emulator", "host")
EMULATOR_HEALTH = "/_ministack/health"
HOST_HEALTH = "/health"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class StartSettings:
    stack: str = "scilearn"
    port: int = EMULATOR_PORT  # of the AWS APIs; another one is taken, and reported, when it is in use
    insist_on_port: bool = False  # the person named the port: fail rather than take another
    bound: bool = False  # the processes die with us
    parameters: Mapping[str, str] = field(default_factory=dict)  # of the template, over deploy.parameters()
    idle_limit: int = 120  # seconds until an idle environment is shut down; AWS keeps them for some minutes


@dataclass(frozen=True)
class TwinStatus:
    """``twin`` is None when there is none. ``problems`` says what is wrong with one that is only half there."""

    twin: TwinState | None
    problems: tuple[str, ...] = ()


def up(progress: Progress = lambda _line: None, settings: StartSettings | None = None) -> TwinState:
    """Start the twin and deploy the stack; return where it is. Raises TwinError, with nothing left running."""
    access.ensure_may("starting the twin")
    settings = settings or StartSettings()
    with _lock():
        current = status()
        if current.twin and not current.problems:
            progress(f"The twin is already running on {current.twin.endpoint}.")
            return current.twin
        for problem in current.problems:
            progress(f"Clearing away a twin that is not whole: {problem}")
        _clear()
        with interrupted_by_signals():
            try:
                return _start(progress, settings)
            except BaseException:  # Ctrl-C too must leave nothing running, and so must a second one
                with held_back():
                    _clear()
                raise


def down(progress: Progress = lambda _line: None) -> bool:
    """Stop the twin and forget it; False when there was none."""
    access.ensure_may("stopping the twin")
    with _lock():
        progress("Stopping the twin …")
        return _clear()


def status() -> TwinStatus:
    """What runs, and what of it does not answer."""
    twin = twin_state.recorded()
    if twin is None:
        return TwinStatus(None)
    problems = list(twin_state.gone(twin))
    if not problems:
        for role, url, path in (("emulator", twin.endpoint, EMULATOR_HEALTH), ("host", twin.host_url, HOST_HEALTH)):
            if not processes.answers(url, path, twin.secret_token):
                problems.append(f"its {role} does not answer on {url}")
    return TwinStatus(twin, tuple(problems))


def _start(progress: Progress, settings: StartSettings) -> TwinState:
    port = processes.free_port(settings.port)
    if port != settings.port:
        if settings.insist_on_port:
            raise PortInUse(f"Port {settings.port} on 127.0.0.1 is in use.", "Name another one: ops twin up --port N.")
        progress(f"Port {settings.port} is in use; the twin takes {port}.")
    twin = TwinState(
        endpoint=f"http://127.0.0.1:{port}",
        host_url=f"http://127.0.0.1:{processes.free_port()}",
        region=REGION,
        account_id=ACCOUNT,
        access_key_id="AKIA" + _random(string.ascii_uppercase + "234567", 16),
        secret_access_key=_random(string.ascii_letters + string.digits, 40),
        stack=settings.stack,
        period=FINEST_PERIOD,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        idle_limit=settings.idle_limit,
        secret_token=secrets.token_urlsafe(32),
    )
    progress("Starting the emulator (the AWS APIs) and the Lambda host …")
    environ = _environment(twin) | {"OPS_TWIN_IDLE_LIMIT": str(settings.idle_limit)}
    emulator, host = (
        processes.start(role, [sys.executable, "-m", f"ops.twin.{role}"], environ, bound=settings.bound)
        for role in ROLES
    )
    processes.wait_until_healthy(host, twin.host_url, HOST_HEALTH, token=twin.secret_token)
    processes.wait_until_healthy(emulator, twin.endpoint, EMULATOR_HEALTH)
    twin = replace(twin, pids={child.role: child.popen.pid for child in (emulator, host)})

    progress(f"Deploying {deploy.TEMPLATE.name} as stack {twin.stack} …")
    deploy.deploy(twin, deploy.parameters(os.cpu_count() or 2) | dict(settings.parameters))
    state_file.write(twin)
    return twin


def _environment(twin: TwinState) -> dict[str, str]:
    """Ours without anything of AWS or of another emulator, and what the two processes need."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_"))}
    return keep | {
        "AWS_ACCESS_KEY_ID": twin.access_key_id,
        "AWS_SECRET_ACCESS_KEY": twin.secret_access_key,
        "AWS_DEFAULT_REGION": twin.region,
        "AWS_REGION": twin.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "OPS_TWIN_DIR": str(twin_state.folder()),
        "OPS_TWIN_ENDPOINT": twin.endpoint,
        "OPS_TWIN_HOST_URL": twin.host_url,
        "OPS_TWIN_TOKEN": twin.secret_token,
        "OPS_TWIN_PORT": twin.host_url.rpartition(":")[2],
        "OPS_TWIN_PERIOD": str(METRICS_PERIOD),
        "GATEWAY_PORT": twin.endpoint.rpartition(":")[2],
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": twin.region,
        "MINISTACK_ACCOUNT_ID": twin.account_id,
        "S3_PERSIST": "0",
        "PYTHONUNBUFFERED": "1",
        # NumPy in several environments at once on a few cores: threads of their own only get in each other's way.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _clear() -> bool:
    """Stop what runs and remove what a run leaves, but for the logs; True when something ran."""
    recorded = twin_state.recorded()
    for pid in recorded.pids.values() if recorded else ():
        processes.stop(pid)
    stopped = [role for role in ROLES if processes.stop_role(role)]
    ownership.clear(twin_state.folder())
    return bool(recorded or stopped)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """One start or stop at a time in this folder."""
    lock = state_file.make_folder() / ownership.LOCK
    try:
        file = ownership.private(lock, "a")
    except OSError as error:
        raise state_file.unusable(error) from error
    with file:
        file_lock.wait_for_lock(file)
        yield
