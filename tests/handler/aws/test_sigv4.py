"""Our signatures beside botocore's: on the requests that the handler and ops make, and on any other like them."""

from __future__ import annotations

import calendar
import time

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from handler.aws.sigv4 import Credentials, Signer, encode_path

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SQS = {"content-type": "application/x-amz-json-1.0", "x-amzn-query-mode": "true"}
REQUESTS = [
    ("POST", "dynamodb", "dynamodb.eu-west-1.amazonaws.com", "/", {"x-amz-target": "DynamoDB_20120810.PutItem"}, b"{}"),
    ("POST", "events", "127.0.0.1:4566", "/", {"content-type": "application/x-amz-json-1.1"}, "ä".encode()),
    (
        "PUT",
        "s3",
        "b.s3.eu-west-1.amazonaws.com",
        encode_path("results/a b/ü+~.json"),
        {"content-type": "text/csv"},
        b"1,2",
    ),
    ("GET", "s3", "s3.eu-west-1.amazonaws.com", encode_path("dotted.name", "x/../y//z=1&2.csv"), {}, b""),
    ("POST", "sqs", "sqs.eu-west-1.amazonaws.com", "/", SQS, '{"QueueUrl": "☃"}'.encode()),
    ("POST", "sqs", "127.0.0.1:4566", "/", SQS, b""),
]
TOKENS = ["", "session-token", "a/token+of=a session"]
DAY = 86_400


def botocore_authorization(
    method: str, service: str, host: str, target: str, sent: dict[str, str], body: bytes, credentials: Credentials
) -> str:
    """Botocore's Authorization header for the headers ``sent`` but that one."""
    headers = {name: value for name, value in sent.items() if name != "authorization"}
    request = AWSRequest(method, f"https://{host}{target}", headers=headers, data=body)
    request.context.update({"timestamp": sent["x-amz-date"], "payload_signing_enabled": True})
    keys = BotocoreCredentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token or None
    )
    oracle = (S3SigV4Auth if service == "s3" else SigV4Auth)(keys, service, "eu-west-1")
    signature = oracle.signature(oracle.string_to_sign(request, oracle.canonical_request(request)), request)
    listed = oracle.signed_headers(oracle.headers_to_sign(request))
    return f"AWS4-HMAC-SHA256 Credential={oracle.scope(request)}, SignedHeaders={listed}, Signature={signature}"


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("request_", REQUESTS)
def test_signature_is_botocores(request_: tuple[str, str, str, str, dict[str, str], bytes], token: str) -> None:
    method, service, host, target, headers, body = request_
    signer, credentials = Signer(service, "eu-west-1"), Credentials(KEY, SECRET, token)
    now = time.time()
    for at in (now, now, now + DAY, now):  # the second time with the key kept for the day, then with others
        ours = signer.sign(method, host, target, headers, body, credentials, at)
        theirs = botocore_authorization(method, service, host, target, ours, body, credentials)
        assert ours["authorization"] == theirs
        assert ours["x-amz-date"] == time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
        assert ours.get("x-amz-security-token", "") == token


@pytest.mark.parametrize("token", TOKENS)
def test_a_key_kept_for_the_day_signs_only_for_its_secret(token: str) -> None:
    signer = Signer("sqs", "eu-west-1")
    for secret in (SECRET, "a secret/+", SECRET):
        credentials = Credentials(KEY, secret, token)
        ours = signer.sign("POST", "h", "/", {}, b"", credentials, 0)
        assert ours["authorization"] == botocore_authorization("POST", "sqs", "h", "/", ours, b"", credentials)


def test_time_is_now_in_utc() -> None:
    before = int(time.time())
    date = Signer("sqs", "us-east-1").sign("GET", "h", "/", {}, b"", Credentials(KEY, SECRET))["x-amz-date"]
    assert before <= calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ")) <= time.time()


VISIBLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
"""What a header may hold."""
NAMES = st.from_regex(r"x-amz-meta-[a-z0-9-]{1,12}", fullmatch=True) | st.sampled_from(["content-type", "x-amz-target"])
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
SIGNERS = {service: Signer(service, "eu-west-1") for service in ("s3", "sqs", "dynamodb", "events")}
"""Shared by all examples, so that kept keys meet other days and secrets."""


@given(
    service=st.sampled_from(sorted(SIGNERS)),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    host=st.sampled_from(["b.s3.eu-west-1.amazonaws.com", "127.0.0.1:4566", "localhost"]),
    keys=st.lists(KEYS, max_size=3),
    headers=st.dictionaries(NAMES, st.text(VISIBLE, max_size=60), max_size=5),
    body=st.binary(max_size=200),
    secret=st.sampled_from([SECRET, "a secret/+"]) | st.text(VISIBLE, min_size=1, max_size=40),
    token=st.text(VISIBLE, max_size=60).map(str.strip),
    now=st.integers(0, 4_000_000_000),
)
def test_any_request_is_signed_as_botocore_signs_it(
    service: str,
    method: str,
    host: str,
    keys: list[str],
    headers: dict[str, str],
    body: bytes,
    secret: str,
    token: str,
    now: int,
) -> None:
    target = encode_path(*keys) if service == "s3" else "/"  # only S3's calls have a path
    credentials = Credentials(KEY, secret, token)
    ours = SIGNERS[service].sign(method, host, target, headers, body, credentials, now)
    assert ours["authorization"] == botocore_authorization(method, service, host, target, ours, body, credentials)
