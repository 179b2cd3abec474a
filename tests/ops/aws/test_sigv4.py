"""Our signature is botocore's."""

from __future__ import annotations

import datetime

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ops.aws.fast_sqs.sigv4 import Signer

AT = datetime.datetime(2026, 11, 24, 4, 5, 6, tzinfo=datetime.UTC)
HEADERS = {"content-type": "application/x-amz-json-1.0", "x-amzn-query-mode": "true"}


@pytest.mark.parametrize("token", [None, "a/token+of=a session"])
@pytest.mark.parametrize("url", ["https://sqs.eu-west-1.amazonaws.com/", "http://127.0.0.1:4566/"])
def test_it_is_botocores(monkeypatch: pytest.MonkeyPatch, url: str, token: str | None) -> None:
    monkeypatch.setattr(auth, "get_current_datetime", lambda remove_tzinfo=True: AT.replace(tzinfo=None))
    keys = Credentials("AKIDEXAMPLE", "a secret/+", token)
    body = '{"QueueUrl": "☃"}'.encode()
    request = AWSRequest("POST", url, {**HEADERS, "X-Amz-Target": "AmazonSQS.SendMessageBatch"}, body)
    auth.SigV4Auth(keys, "sqs", "eu-west-1").add_auth(request)
    signer = Signer("sqs", "eu-west-1", url.split("/")[2], HEADERS)
    for _ in range(2):  # the second time with the key of that day
        ours = signer.signed(keys, "AmazonSQS.SendMessageBatch", body, AT.timestamp())
        assert ours["authorization"] == request.headers["Authorization"]
        assert ours["x-amz-date"] == request.headers["X-Amz-Date"]
    other = signer.signed(keys, "AmazonSQS.SendMessageBatch", body, AT.timestamp() + 86_400)
    assert other["authorization"] != ours["authorization"]
