"""Where credentials come from when they are not in the environment: an ECS task, or an EC2 (Beanstalk) instance.

Lambda puts them into the environment, so this module is not imported there. Sources: ECS developer guide "Task IAM
role" (AWS_CONTAINER_CREDENTIALS_*), EC2 user guide "Use IMDSv2"; both read 2026-11-23.
"""

from __future__ import annotations

import json
import os
from calendar import timegm
from pathlib import Path
from time import strptime
from urllib.parse import urlsplit

from handler.aws.http_connection import Connection, WireError
from handler.aws.sigv4 import Credentials

CONTAINER_HOST = "http://169.254.170.2"
INSTANCE_HOST = "http://169.254.169.254"
ROLE_PATH = "/latest/meta-data/iam/security-credentials/"


def fetch() -> Credentials:
    """Fresh credentials of the task's or the instance's role; LookupError when there is neither."""
    try:
        found = json.loads(_container() or _instance())
        expires = timegm(strptime(found["Expiration"], "%Y-%m-%dT%H:%M:%SZ"))
        return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"], expires)
    except (WireError, ValueError, KeyError) as error:
        raise LookupError(f"no AWS credentials in the environment, and no role gave any: {error}") from error


def _container() -> bytes:
    relative = os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    address = CONTAINER_HOST + relative if relative else os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not address:
        return b""
    token = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if file := os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        token = Path(file).read_text()
    return _ask("GET", address, {"authorization": token.strip()} if token else {})


def _instance() -> bytes:
    host = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", INSTANCE_HOST).rstrip("/")
    token = _ask("PUT", f"{host}/latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds": "300"})
    headers = {"x-aws-ec2-metadata-token": token.decode()}
    role = _ask("GET", host + ROLE_PATH, headers).decode().strip()
    return _ask("GET", host + ROLE_PATH + role, headers)


def _ask(method: str, address: str, headers: dict[str, str]) -> bytes:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = Connection(parts.scheme, parts.hostname or "", port)
    try:
        answer = connection.request(method, parts.path or "/", {**headers, "host": parts.netloc}, b"")
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError(f"{parts.netloc} answered {answer.status}")
    return answer.body
