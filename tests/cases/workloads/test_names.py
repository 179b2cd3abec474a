"""Names, URLs and ARNs as people write them: what each means, and what is refused because it is elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.aws import Aws, cloudformation, lambda_, sqs
from ops.aws.naming import names
from ops.deadletters import plan_codec, plans
from ops.deadletters.plan_model import Steps
from ops.errors import UsageError
from ops.target import Target
from tests.fakes.aws import serve
from tests.ops.deadletters.redrive.rollouts import a_plan

A = "111122223333"
HOME = "eu-west-1"
TWIN = "http://127.0.0.1:4566"

QUEUES = [
    # text, partition, region, account, name
    ("orders", "", "", "", "orders"),
    (" orders\n", "", "", "", "orders"),
    ("orders.fifo", "", "", "", "orders.fifo"),
    (f"arn:aws:sqs:eu-west-1:{A}:orders", "aws", "eu-west-1", A, "orders"),
    (f"arn:aws-cn:sqs:cn-north-1:{A}:orders", "aws-cn", "cn-north-1", A, "orders"),
    (f"arn:aws-us-gov:sqs:us-gov-west-1:{A}:orders.fifo", "aws-us-gov", "us-gov-west-1", A, "orders.fifo"),
    (f"https://sqs.eu-west-1.amazonaws.com/{A}/orders", "aws", "eu-west-1", A, "orders"),
    (f"https://sqs.eu-west-1.amazonaws.com/{A}/orders/", "aws", "eu-west-1", A, "orders"),
    (f"HTTPS://sqs.eu-west-1.amazonaws.com/{A}/orders", "aws", "eu-west-1", A, "orders"),
    (f"https://sqs.ap-southeast-2.amazonaws.com:443/{A}/orders", "aws", "ap-southeast-2", A, "orders"),
    (f"https://queue.amazonaws.com/{A}/orders", "aws", "us-east-1", A, "orders"),
    (f"https://us-east-1.queue.amazonaws.com/{A}/orders", "aws", "us-east-1", A, "orders"),
    (f"https://eu-west-1.queue.amazonaws.com/{A}/orders", "aws", "eu-west-1", A, "orders"),
    (f"https://sqs.cn-north-1.amazonaws.com.cn/{A}/orders", "aws-cn", "cn-north-1", A, "orders"),
    (f"https://cn-north-1.queue.amazonaws.com.cn/{A}/orders", "aws-cn", "cn-north-1", A, "orders"),
    (f"https://sqs.us-gov-west-1.amazonaws.com/{A}/orders", "aws-us-gov", "us-gov-west-1", A, "orders"),
    (f"https://sqs-fips.us-east-2.amazonaws.com/{A}/orders", "aws", "us-east-2", A, "orders"),
    (f"https://sqs.eu-west-1.api.aws/{A}/orders", "aws", "eu-west-1", A, "orders"),
    (f"https://sqs-fips.us-east-1.api.aws/{A}/orders", "aws", "us-east-1", A, "orders"),
    (f"https://sqs.cn-north-1.api.amazonwebservices.com.cn/{A}/orders", "aws-cn", "cn-north-1", A, "orders"),
    (f"https://vpce-0a1-2b3.sqs.eu-west-1.vpce.amazonaws.com/{A}/orders", "aws", "eu-west-1", A, "orders"),
    (f"https://sqs.us-iso-east-1.c2s.ic.gov/{A}/orders", "aws-iso", "us-iso-east-1", A, "orders"),
    (f"https://sqs.eusc-de-east-1.amazonaws.eu/{A}/orders", "aws-eusc", "eusc-de-east-1", A, "orders"),
    (f"{TWIN}/000000000000/orders", "", "", "000000000000", "orders"),
    ("http://localhost:4566/000000000000/orders", "", "", "000000000000", "orders"),
    (
        "http://sqs.eu-central-1.localhost.localstack.cloud:4566/000000000000/orders",
        "aws",
        "eu-central-1",
        "000000000000",
        "orders",
    ),
    (
        "http://localhost:4566/queue/eu-central-1/000000000000/orders",
        "aws",
        "eu-central-1",
        "000000000000",
        "orders",
    ),
]


@pytest.mark.parametrize(("text", "partition", "region", "account", "name"), QUEUES)
def test_a_queue_is_read_whole(text: str, partition: str, region: str, account: str, name: str) -> None:
    found = names.parse_queue(text, TWIN)
    assert (found.partition, found.region, found.account, found.resource) == (partition, region, account, name)
    assert bool(found.url) is ("//" in text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"arn:aws:sns:eu-west-1:{A}:orders", "names an SNS topic, not an SQS queue"),
        (f"arn:aws:lambda:eu-west-1:{A}:function:orders", "names a Lambda function, not an SQS queue"),
        ("arn:aws:s3:::orders", "names an S3 bucket, not an SQS queue"),
        (f"arn:aws:sqs:eu-west-1:{A}", "is not a complete ARN"),
        (f"arn:aws:sqs::{A}:orders", "its region or account is missing"),
        ("arn:aws:sqs:eu-west-1::orders", "its region or account is missing"),
        (f"arn:aws:sqs:eu-west-1:{A}:orders:subscription", "does not name an SQS queue"),
        ("arn:", "is not a complete ARN"),
        ("https://evil.example/111122223333/orders", "is on a host that is not an SQS endpoint of this target"),
        (
            "https://sqs.eu-west-1.amazonaws.com.evil.example/1/orders",
            "is on a host that is not an SQS endpoint of this target",
        ),
        (
            f"https://sqs.eu-west-1.amazonaws.com:8443/{A}/orders",
            "is on a host that is not an SQS endpoint of this target",
        ),
        (f"https://user:secret@sqs.eu-west-1.amazonaws.com/{A}/orders", "is not the URL of a queue"),
        (f"https://sqs.eu-west-1.amazonaws.com/{A}/orders?Action=DeleteQueue", "is not the URL of a queue"),
        ("https://sqs.eu-west-1.amazonaws.com/orders", "is not the URL of a queue"),
        ("https://sqs.eu-west-1.amazonaws.com/", "is not the URL of a queue"),
        (
            "https://sns.eu-west-1.amazonaws.com/111122223333/orders",
            "is on a host that is not an SQS endpoint of this target",
        ),
        ("http://127.0.0.1:9999/000000000000/orders", "is on a host that is not an SQS endpoint of this target"),
        ("http://[::1/000000000000/orders", "is not a valid URL"),
        ("ftp://127.0.0.1:4566/000000000000/orders", "is not the URL of a queue"),
        ("orders/dead", "is not the name, URL or ARN of a queue"),
        ("sqs:orders", "is not the name, URL or ARN of a queue"),
        ("orders.fifo.fifo", "is not the name, URL or ARN of a queue"),
        ("x" * 81, "is not the name, URL or ARN of a queue"),
        ("", "is not the name, URL or ARN of a queue"),
    ],
)
def test_what_is_no_queue_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        names.parse_queue(text, TWIN)
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("text", "region", "account", "resource"),
    [
        ("worker", "", "", "worker"),
        ("worker:live", "", "", "worker:live"),
        ("worker:$LATEST", "", "", "worker:$LATEST"),
        ("function:worker", "", "", "worker"),
        (f"{A}:function:worker:7", "", A, "worker:7"),
        (f"arn:aws:lambda:eu-west-1:{A}:function:worker", "eu-west-1", A, "worker"),
        (f"arn:aws:lambda:eu-west-1:{A}:function:worker:live", "eu-west-1", A, "worker:live"),
    ],
)
def test_a_function_is_read_whole(text: str, region: str, account: str, resource: str) -> None:
    found = names.parse_function(text)
    assert (found.region, found.account, found.resource) == (region, account, resource)
    assert found.bare == "worker"


@pytest.mark.parametrize(
    "text",
    [
        f"arn:aws:sqs:eu-west-1:{A}:worker",
        f"arn:aws:lambda:eu-west-1:{A}:layer:worker:1",
        f"arn:aws:lambda:eu-west-1:{A}:event-source-mapping:0aa",
        "https://abc.lambda-url.eu-west-1.on.aws/",
        "a worker",
        "eu-west-1:function:worker",
    ],
)
def test_what_is_no_function_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        names.parse_function(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [("shop", "shop"), (f"arn:aws:cloudformation:eu-west-1:{A}:stack/shop/0aa-1", "shop")],
)
def test_a_stack_is_read_whole(text: str, name: str) -> None:
    assert names.parse_stack(text).resource == name


@pytest.mark.parametrize("text", [f"arn:aws:cloudformation:eu-west-1:{A}:changeSet/shop/1", "https://shop", "1shop"])
def test_what_is_no_stack_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        names.parse_stack(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"arn:aws:sqs:us-east-1:{A}:orders", "is in us-east-1; this target is in eu-west-1"),
        (f"https://sqs.us-east-1.amazonaws.com/{A}/orders", "is in us-east-1; this target is in eu-west-1"),
        (f"https://queue.amazonaws.com/{A}/orders", "is in us-east-1; this target is in eu-west-1"),
        (f"arn:aws-cn:sqs:cn-north-1:{A}:orders", "is in cn-north-1; this target is in eu-west-1"),
        (f"arn:aws-cn:sqs:eu-west-1:{A}:orders", "is in partition aws-cn; eu-west-1 is in aws"),
        ("arn:aws:sqs:eu-west-1:999999999999:orders", f"account {A}, not 999999999999"),
        ("https://sqs.eu-west-1.amazonaws.com/999999999999/orders", f"account {A}, not 999999999999"),
        (f"arn:aws:sqs:eu-west-1:{A}:refunds", "name orders, not refunds"),
    ],
)
def test_a_queue_of_elsewhere_is_not_taken_for_its_namesake_here(
    text: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(_only_orders, monkeypatch, HOME), pytest.raises(UsageError, match=why) as caught:
        sqs.find_queue(Aws(Target(region=HOME)), text)
    assert caught.value.next_step


@pytest.mark.parametrize(
    "text", ["orders", f"arn:aws:sqs:eu-west-1:{A}:orders", f"https://sqs.eu-west-1.amazonaws.com/{A}/orders"]
)
def test_a_queue_of_here_is_found(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(_only_orders, monkeypatch, HOME):
        assert sqs.find_queue(Aws(Target(region=HOME)), text).arn == f"arn:aws:sqs:eu-west-1:{A}:orders"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"arn:aws:lambda:us-east-1:{A}:function:worker", "is in us-east-1"),
        ("arn:aws:lambda:eu-west-1:999999999999:function:worker", f"account {A}, not 999999999999"),
        ("999999999999:function:worker", f"account {A}, not 999999999999"),
    ],
)
def test_a_function_of_elsewhere_is_not_taken_for_its_namesake_here(
    text: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(_only_orders, monkeypatch, HOME), pytest.raises(UsageError, match=why):
        lambda_.get_function(Aws(Target(region=HOME)), text)


def test_a_stack_of_another_region_is_refused_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(_only_orders, monkeypatch, HOME) as aws:
        with pytest.raises(UsageError, match="is in us-east-1"):
            cloudformation.describe_stack(
                Aws(Target(region=HOME)), f"arn:aws:cloudformation:us-east-1:{A}:stack/shop/1"
            )
        assert aws.calls == []


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        (f"arn:aws:sqs:eu-west-1:{A}:orders", f"arn:aws:sqs:us-east-1:{A}:orders", "region us-east-1, not eu-west-1"),
        (f"arn:aws:sqs:eu-west-1:{A}:orders", "arn:aws:sqs:eu-west-1:1:orders", f"account 1, not {A}"),
        (f"arn:aws:sqs:eu-west-1:{A}:orders", f"arn:aws:sqs:eu-west-1:{A}:mails", "name mails, not orders"),
        (f"arn:aws:sqs:eu-west-1:{A}:orders", f"arn:aws:sqs:eu-west-1:{A}:orders", ""),
    ],
)
def test_a_difference_is_named(one: str, other: str, difference: str) -> None:
    assert names.difference(names.parse_queue(one), other) == difference


def _only_orders(service: str, operation: str, asked: dict[str, Any]) -> Any:
    """SQS and Lambda of one account and region, which answer by name whatever account was asked for."""
    if service == "lambda":
        return {"FunctionName": "worker", "FunctionArn": f"arn:aws:lambda:{HOME}:{A}:function:worker"}
    if operation == "GetQueueUrl":
        return {"QueueUrl": f"https://sqs.{HOME}.amazonaws.com/{A}/orders"}
    return {"Attributes": {"QueueArn": f"arn:aws:sqs:{HOME}:{A}:orders"}}


@pytest.mark.parametrize(
    ("queue_arn", "why"),
    [
        (f"arn:aws:sqs:us-east-1:{A}:dead", "in region us-east-1, account 111122223333; this target is in region eu-"),
        (
            "arn:aws:sqs:eu-west-1:999999999999:dead",
            "account 999999999999; this target is in region eu-west-1, account",
        ),
        (f"arn:aws:sqs:eu-west-1:{A}:other", "is for other, not dead"),
    ],
)
def test_a_plan_of_elsewhere_is_refused_with_the_difference(queue_arn: str, why: str, tmp_path: Path) -> None:
    plan = plan_codec.with_hash(replace(a_plan(1, Steps()), queue_arn=queue_arn))
    path = plans.save_plan(SimpleNamespace(), plan, tmp_path / "plan.json")  # type: ignore[arg-type]
    here = SimpleNamespace(queue=SimpleNamespace(arn=f"arn:aws:sqs:eu-west-1:{A}:dead", name="dead"))
    with pytest.raises(UsageError, match=why):
        plans.load_plan(path, here)  # type: ignore[arg-type]
