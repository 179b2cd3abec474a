"""CPU by memory size: measured against the CPU time that a function has used, which holds on a busy machine, too."""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.errors import UsageError
from ops.measured_versions import LABEL
from ops.rightsize import sizes
from ops.twin.host.cpu import cgroup
from ops.twin.host.cpu.slices import PERIOD_S, Slices
from ops.twin.host.settings import HostSettings
from tests.ops.twin.host.lab import ECHO, TOKEN, Host, running, wait_until

BURN = (
    "import os, subprocess, sys, time\n"
    "SPIN = 'import time\\nwhile time.process_time() < {}: pass\\n'\n"
    "def used():\n"
    "    times = os.times()\n"
    "    return times.user + times.system + times.children_user + times.children_system\n"
    "def handler(event, context):\n"
    "    began, before = time.monotonic(), used()\n"
    "    if event['child']:\n"
    "        subprocess.run([sys.executable, '-ISc', SPIN.format(event['cpu'])])\n"
    "    else:\n"
    "        while used() - before < event['cpu']: pass\n"
    "    return {'share': (used() - before) / (time.monotonic() - began),\n"
    "            'groups': open('/proc/self/cgroup').read()}\n"
)
SHARE = sizes.vcpus(256)


@pytest.fixture(scope="module", params=["auto", "slices"])
def limiting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    if request.param == "auto" and cgroup.usable_parent() is None:
        pytest.skip("this user may not make cgroups here")
    with running(tmp_path_factory.mktemp("cpu"), OPS_TWIN_CPU_MEANS=request.param) as host:
        yield host


@pytest.mark.parametrize("child", [False, True])
def test_a_measured_version_has_the_cpu_of_its_memory(limiting: Host, child: bool) -> None:
    function = limiting.function(BURN, timeout=60)
    function.revision = "measured"
    function.put(Description=f"{LABEL} 20261129-1")
    share = function.invoke({"cpu": 0.3, "child": child}).payload["share"]
    assert share < SHARE * 1.35, "a busy machine may only give less"


def test_what_was_held_back_is_frozen_thawed_and_ends(limiting: Host) -> None:
    function = limiting.function(BURN, extensions=("recorder",), timeout=60)
    function.revision = "measured"
    function.put(Description=LABEL)
    for _ in range(2):
        assert not function.invoke({"cpu": 0.02, "child": False}).error
    pids = function.pids()
    assert len(pids) == 2
    wait_until(lambda: all("\nState:\tT" in Path(f"/proc/{pid}/status").read_text() for pid in pids))
    function.retire()
    wait_until(lambda: not function.pids())
    shutdown = [
        record for record in function.records("event") if record.get("event", {}).get("eventType") == "SHUTDOWN"
    ]
    assert shutdown, "it was running when it was told"


def test_it_ends_with_its_host_while_it_is_held_back(tmp_path: Path) -> None:
    with running(tmp_path, OPS_TWIN_CPU_MEANS="slices", OPS_TWIN_CPU_BY_MEMORY="always") as host:
        function = host.function(
            "import threading\ndef spin():\n    while True: pass\n" + ECHO.replace("return", "spin(); return")
        )
        function.revision = "small"
        function.put(MemorySize=128, Timeout=1)
        assert function.invoke().error
        host.stop(signal.SIGKILL)
        wait_until(lambda: not function.pids())


def test_other_versions_have_the_machines_cpu(host: Host) -> None:
    groups = host.function(BURN).invoke({"cpu": 0.01, "child": False}).payload["groups"]
    assert "ops-twin-" not in groups


def test_a_setting_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path / "twin"))
    with pytest.raises(UsageError, match="OPS_TWIN_CPU_BY_MEMORY is 'sometimes', which is none of never, measured"):
        HostSettings.from_environment({"OPS_TWIN_TOKEN": TOKEN, "OPS_TWIN_CPU_BY_MEMORY": "sometimes"})


class Burner:
    """Uses a whole core whenever it is not paused."""

    def __init__(self) -> None:
        self.used = 0.0
        self.paused = False

    def cpu_seconds(self) -> float:
        return self.used

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


def test_a_quota_in_slices_is_repaid_and_savings_are_bounded() -> None:
    slices, burner, moment = Slices(), Burner(), 100.0
    slices.enter(burner, 0.25, moment)
    moment += 60  # idle: what was saved is one period's share
    slices.look(moment)
    before = burner.used
    for _ in range(2_000):
        moment += 0.005
        burner.used += 0.0 if burner.paused else 0.005
        slices.look(moment)
    assert burner.used - before == pytest.approx(0.25 * 10, abs=0.25 * PERIOD_S + 0.005)
    slices.leave(burner)
    assert not burner.paused


def test_the_own_cgroup_is_found_in_both_versions(tmp_path: Path) -> None:
    first = "30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    assert cgroup.own_folder("4:cpu,cpuacct:/user/one\n0::/\n", first) == Path("/sys/fs/cgroup/cpu/user/one")
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    second = f"30 25 0:26 /box {tmp_path} rw - cgroup2 cgroup2 rw\n"
    assert cgroup.own_folder("0::/box/inner\n", second) == tmp_path / "inner"
    assert cgroup.own_folder("0::/elsewhere\n", second) is None
    assert cgroup.own_folder("0::/\n", "") is None


def test_the_end_of_the_log_comes_with_the_answer(host: Host) -> None:
    function = host.function("def handler(event, context):\n    print('x' * 6000)\n    print('said at the end')\n")
    tail = base64.b64decode(function.invoke().headers["x-amz-log-result"]).decode()
    assert len(tail) <= 4096
    said, end, report = tail.splitlines()[-3:]
    assert said == "said at the end"
    assert end.startswith("END RequestId: ")
    assert report.startswith("REPORT RequestId: ")
    assert "Init Duration" in report
    assert "Init Duration" not in base64.b64decode(function.invoke().headers["x-amz-log-result"]).decode()
