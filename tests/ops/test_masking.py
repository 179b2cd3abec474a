"""What is masked in records, reports and logs, and what stays readable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ops.masking import MASK, is_masked, mask_text, mask_value

TEXTS = {
    "rotated AKIAIOSFODNN7EXAMPLE now": f"rotated AKIA{MASK} now",
    "curl -H 'Authorization: Bearer abcdef.123456789'": f"curl -H 'Authorization: {MASK} {MASK}'",
    "got Bearer abcdef.123456789 back": f"got Bearer {MASK} back",
    "https://b.s3.amazonaws.com/k?X-Amz-Signature=0af1&X-Amz-Expires=60": (
        f"https://b.s3.amazonaws.com/k?X-Amz-Signature={MASK}&X-Amz-Expires=60"
    ),
    "postgres://shop:hunter2@db/orders": f"postgres://shop:{MASK}@db/orders",
    "failed with password=hunter2, retried": f"failed with password={MASK}, retried",
    '{"token": "abc def", "id": 7}': f'{{"token": {MASK}, "id": 7}}',
    "AWS_SECRET_ACCESS_KEY=abcd/efg+1": f"AWS_SECRET_ACCESS_KEY={MASK}",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2ln is expired": f"{MASK} is expired",
    "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----": f"-----BEGIN RSA PRIVATE KEY-----{MASK}",
}
PLAIN = (
    "The security token included in the request is expired",
    "User: arn:aws:iam::111122223333:user/oncall is not authorized to perform: lambda:UpdateEventSourceMapping",
    "inputs/orders.csv of plan 20261129T132520-9e69, cause f38c770318",
    "SHA-256 f9a98a14f3ce405e91783c0919b75a7fb527afdb5f273746e4104702c573f609",
    "111122223333.dkr.ecr.eu-west-1.amazonaws.com/worker@sha256:" + "0" * 64,
    "mapping 14e0db71-8f64-4a0c-9d5e-0e4a7f3a2b1c: off → on",
)


@pytest.mark.parametrize("text", TEXTS)
def test_secrets_in_text(text: str) -> None:
    assert mask_text(text) == TEXTS[text]
    assert mask_text(mask_text(text)) == TEXTS[text], "what is masked stays as it is"


@pytest.mark.parametrize("text", PLAIN)
def test_ids_and_sentences_stay(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    ("given", "masked"),
    [
        ({"password": "x", "key": "inputs/a.csv"}, {"password": MASK, "key": "inputs/a.csv"}),
        ({"apiKey": "x", "kms_key_id": "abc"}, {"apiKey": MASK, "kms_key_id": "abc"}),
        ({"token_count": 5, "max_tokens": 5, "pin": 1234}, {"token_count": 5, "max_tokens": 5, "pin": MASK}),
        ({"secret": "arn:aws:secretsmanager:x", "Authorization": ""}, None),
        ([{"session_token": "a", "id": "b"}], [{"session_token": MASK, "id": "b"}]),
        (
            {"Environment": {"Variables": {"MODE": "a", "OFF": ""}}},
            {"Environment": {"Variables": {"MODE": MASK, "OFF": ""}}},
        ),
        ({"visible": 3, "in_alarm": ["a"], "at": None, "complete": True}, None),
    ],
)
def test_secrets_by_the_name_of_their_field(given: Any, masked: Any) -> None:
    assert mask_value(given) == (given if masked is None else masked)
    assert is_masked(mask_value(given)) == (masked is not None)


_JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=40),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(_JSON)
def test_any_value_keeps_its_form(value: Any) -> None:
    masked = mask_value(value)
    assert type(masked) is type(value) or masked == MASK
    assert mask_value(masked) == masked
