"""Our signatures beside botocore's, on the requests that the handler makes."""

from __future__ import annotations

import calendar
import time

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Oracle

from handler.aws.sigv4 import Credentials, path, signed

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REQUESTS = [
    ("POST", "dynamodb", "dynamodb.eu-west-1.amazonaws.com", "/", {"x-amz-target": "DynamoDB_20120810.PutItem"}, b"{}"),
    ("POST", "events", "127.0.0.1:4566", "/", {"content-type": "application/x-amz-json-1.1"}, "ä".encode()),
    ("PUT", "s3", "b.s3.eu-west-1.amazonaws.com", path("results/a b/ü+~.json"), {"content-type": "text/csv"}, b"1,2"),
    ("GET", "s3", "s3.eu-west-1.amazonaws.com", path("dotted.name", "x/../y//z=1&2.csv"), {}, b""),
]


@pytest.mark.parametrize("token", ["", "session-token"])
@pytest.mark.parametrize("request_", REQUESTS)
def test_signature_is_botocores(request_: tuple[str, str, str, str, dict[str, str], bytes], token: str) -> None:
    method, service, host, target, headers, body = request_
    ours = signed(method, host, target, headers, body, service, "eu-west-1", Credentials(KEY, SECRET, token))

    request = AWSRequest(method, f"https://{host}{target}", headers=headers, data=body)
    if service == "s3":
        request.context["payload_signing_enabled"] = True
    oracle = (S3SigV4Auth if service == "s3" else SigV4Auth)(Oracle(KEY, SECRET, token or None), service, "eu-west-1")
    request.context["timestamp"] = ours["x-amz-date"]
    request.headers["X-Amz-Date"] = ours["x-amz-date"]
    request.headers["host"] = host
    if token:
        request.headers["X-Amz-Security-Token"] = token
    if service == "s3":
        request.headers["X-Amz-Content-SHA256"] = ours["x-amz-content-sha256"]
    canonical = oracle.canonical_request(request)
    signature = oracle.signature(oracle.string_to_sign(request, canonical), request)
    assert ours["authorization"].endswith(f"Signature={signature}")
    assert f"SignedHeaders={oracle.signed_headers(oracle.headers_to_sign(request))}," in ours["authorization"]


def test_time_is_now_in_utc() -> None:
    date = signed("GET", "h", "/", {}, b"", "sqs", "us-east-1", Credentials(KEY, SECRET))["x-amz-date"]
    assert abs(calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ")) - time.time()) < 5
