"""A certificate for loopback, made by the openssl command."""

from __future__ import annotations

import subprocess
from pathlib import Path


def certificate(folder: Path) -> Path:
    """A self-signed certificate for localhost and 127.0.0.1, with its key, in one PEM file."""
    target = folder / "loopback.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", names, "-keyout", str(target), "-out", "-"]
    made = subprocess.run(command, check=True, capture_output=True)
    with target.open("ab") as file:
        file.write(made.stdout)
    return target
