"""A warm no-op invocation: our Lambda host beside AWS's runtime interface emulator (RIE), each call in turn.

Both run the same function under the same awslambdaric. The host does more for it: freeze and thaw, memory, telemetry,
log capture. RIE comes from the aws-sam-cli wheel, unpacked into a scratch folder that is removed again.

    .venv/bin/python -m tests.bench.host [--calls 1000]

The last line is JSON: host_warm_ms, rie_warm_ms (medians), ratio, and 99th percentiles.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from ops.twin import callers, processes

TOKEN = "of this bench"
HANDLER = "def handler(event, context):\n    return event\n"
EVENT = b'{"hello": "world"}'


def rie(folder: Path) -> Path:
    """Download the wheel and take the emulator for this machine out of it."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"]
    if subprocess.run([*command, "aws-sam-cli", "-d", str(folder)], stderr=subprocess.DEVNULL).returncode != 0:
        raise SystemExit("The aws-sam-cli wheel could not be downloaded; the bench needs the emulator inside it.")
    name = "aws-lambda-rie-" + ("arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64")
    [wheel] = folder.glob("aws_sam_cli-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        path = Path(archive.extract(f"samcli/local/rapid/{name}", folder))
    path.chmod(0o755)
    return path


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"Nothing listens on port {port}.")


def caller(port: int, path: str, headers: dict[str, str]) -> Callable[[], float]:
    """One invocation on a kept-alive connection; its milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def call() -> float:
        began = time.perf_counter()
        connection.request("POST", path, EVENT, headers)
        answer = connection.getresponse().read()
        took = time.perf_counter() - began
        if json.loads(answer) != json.loads(EVENT):
            raise SystemExit(f"The function answered {answer!r}.")
        return took * 1000

    return call


def start_host(folder: Path, image: Path) -> tuple[subprocess.Popen[bytes], Callable[[], float]]:
    port = processes.free_port()
    environment = {**os.environ, "OPS_TWIN_DIR": str(folder), "OPS_TWIN_PORT": str(port), callers.TOKEN_VARIABLE: TOKEN}
    environment.pop("OPS_TWIN_ENDPOINT", None)
    process = subprocess.Popen([sys.executable, "-m", "ops.twin.host"], env=environment, stdout=subprocess.DEVNULL)
    wait_for(port)
    function = {
        "revision": "1",
        "configuration": {
            "FunctionName": "noop",
            "Timeout": 10,
            "MemorySize": 512,
            "Environment": {"Variables": {"OPS_TWIN_IMAGE": str(image)}},
        },
    }
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", "/functions/noop", json.dumps(function), callers.bearing(TOKEN))
    if connection.getresponse().status != 200:
        raise SystemExit("The host did not take the function.")
    return process, caller(port, "/functions/noop/invocations", {"X-Function-Revision": "1", **callers.bearing(TOKEN)})


def start_rie(binary: Path, image: Path) -> tuple[subprocess.Popen[bytes], Callable[[], float]]:
    port, api = processes.free_port(), processes.free_port()
    process = subprocess.Popen(
        [
            str(binary),
            "--runtime-interface-emulator-address",
            f"127.0.0.1:{port}",
            "--runtime-api-address",
            f"127.0.0.1:{api}",
            sys.executable,
            "-m",
            "awslambdaric",
            "noop.handler",
        ],
        cwd=image / "var" / "task",
        env={**os.environ, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_FUNCTION_TIMEOUT": "10"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(port)
    return process, caller(port, "/2015-03-31/functions/function/invocations", {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    calls = parser.parse_args().calls
    with tempfile.TemporaryDirectory(prefix="host-bench-") as scratch:
        folder = Path(scratch)
        image = folder / "image"
        (image / "var" / "task").mkdir(parents=True)
        (image / "var" / "task" / "noop.py").write_text(HANDLER)
        (image / "image.json").write_text('{"cmd": ["noop.handler"]}')
        binary = rie(folder)
        processes: list[subprocess.Popen[bytes]] = []
        try:
            process, ours = start_host(folder / "twin", image)
            processes.append(process)
            process, theirs = start_rie(binary, image)
            processes.append(process)
            cold = ours(), theirs()
            for _ in range(50):
                ours(), theirs()
            ours_ms: list[float] = []
            theirs_ms: list[float] = []
            for _ in range(calls):
                ours_ms.append(ours())
                theirs_ms.append(theirs())
        finally:
            for process in processes:
                process.terminate()
                process.wait(10)
    host, emulator = statistics.median(ours_ms), statistics.median(theirs_ms)
    result = {
        "host_warm_ms": round(host, 3),
        "rie_warm_ms": round(emulator, 3),
        "ratio": round(host / emulator, 2),
        "host_p99_ms": round(statistics.quantiles(ours_ms, n=100)[98], 3),
        "rie_p99_ms": round(statistics.quantiles(theirs_ms, n=100)[98], 3),
        "host_cold_ms": round(cold[0], 1),
        "rie_cold_ms": round(cold[1], 1),
        "calls": calls,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
