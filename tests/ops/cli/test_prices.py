"""``ops prices``: what the Price List says is used for its region; what it does not say is named and not guessed."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops import pricing
from ops.cli.app import run
from ops.errors import OpsError, UsageError
from tests.fakes.aws import FakeAws, Refusal, serve

Ops = Callable[..., tuple[int, str, str]]


def product(attribute: str, value: str, *tiers: tuple[str, str], currency: str = "USD") -> str:
    """As GetProducts returns one."""
    dimensions = {
        f"rate-{number}": {"beginRange": begin, "endRange": end, "unit": "Units", "pricePerUnit": {currency: usd}}
        for number, ((begin, usd), end) in enumerate(
            zip(tiers, [*(begin for begin, _ in tiers[1:]), "Inf"], strict=True)
        )
    }
    return json.dumps(
        {
            "product": {"productFamily": "Serverless", "attributes": {attribute: value, "regionCode": "eu-central-1"}},
            "terms": {"OnDemand": {"term": {"priceDimensions": dimensions}}},
            "publicationDate": "2026-11-20T10:00:00Z",
        }
    )


LIST = {
    "AWSLambda": [
        product("group", "AWS-Lambda-Duration", ("0", "0.0000190000"), ("6000000000", "0.0000170000")),
        product("group", "AWS-Lambda-Duration", ("0", "0.0000000000")),
        product("group", "AWS-Lambda-Duration-ARM", ("0", "0.0000150000")),
        product("group", "AWS-Lambda-Requests", ("0", "0.0000002000")),
        product("group", "AWS-Lambda-Requests", ("0", "0.0000003000")),
        product("group", "AWS-Lambda-Storage-Duration", ("0", "0.0000000352")),
        product("group", "AWS-Lambda-Duration-Provisioned", ("0", "0.07"), currency="CNY"),
    ],
    "AWSQueueService": [
        product("usagetype", "EUC1-Requests-Tier1", ("0", "0.0000005000"), ("100000000000", "0.0000004")),
        product("usagetype", "EUC1-Requests-FIFO-Tier1", ("0", "0.0000006000")),
        product("usagetype", "EUC1-Extended-Requests-Tier1", ("0", "9")),
    ],
    "AmazonApiGateway": [product("usagetype", "EUC1-ApiGatewayRequest", ("0", "0.0000037000")), "{", "[]", "{}"],
    "AmazonCloudWatch": [product("usagetype", "EUC1-DataProcessing-Bytes", ("0", "0.63"))],
}


@pytest.fixture
def listed() -> dict[str, list[str]]:
    return {service: list(products) for service, products in LIST.items()}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listed: dict[str, list[str]]) -> Iterator[FakeAws]:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    pricing.load.cache_clear()

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        assert (service, operation) == ("pricing", "GetProducts")
        assert asked["Filters"] == [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-central-1"}]
        page, products = int(asked.get("NextToken", 0)), listed[asked["ServiceCode"]]
        more = {"NextToken": str(page + 1)} if page + 1 < len(products) else {}
        return {"FormatVersion": "aws_v1", "PriceList": products[page : page + 1], **more}

    with serve(answer, monkeypatch, region="eu-central-1") as fake:
        yield fake
    pricing.load.cache_clear()


@pytest.fixture
def ops(capsys: pytest.CaptureFixture[str]) -> Ops:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["prices", *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return call


def test_prices_of_a_region_are_read_and_used(ops: Ops, aws: FakeAws, tmp_path: Path) -> None:
    code, out, _ = ops("refresh")
    assert code == 0, out
    assert "publication 2026-11-20" in out
    table = pricing.load("eu-central-1")
    assert (table.region, table.lambda_gb_second_x86_64, table.sqs_request) == ("eu-central-1", 1.9e-5, 5e-7)
    assert table.log_gb_ingested == 0.63
    assert pricing.load().lambda_gb_second_x86_64 == 1.66667e-5, "the other region's stay"
    written = tomllib.loads((tmp_path / "prices" / "eu-central-1.toml").read_text())
    assert written["sqs_request"]["from"] == "AWS Price List, publication 2026-11-20"
    code, out, _ = ops("show", "--json")
    shown = json.loads(out)
    assert shown["lambda_tmp_gb_second"] == 3.52e-8


def test_what_is_not_found_once_is_named_and_borrowed(ops: Ops, aws: FakeAws) -> None:
    _, out, _ = ops("refresh")
    for said in (
        "lambda_request: that of us-east-1 is used; 2 prices are listed as AWS-Lambda-Requests",
        "lambda_provisioned_gb_second_x86_64: that of us-east-1 is used; no price in dollars is listed",
        "lambda_poller_hour: that of us-east-1 is used; its product is not known by name",
    ):
        assert said in " ".join(out.split())
    table = pricing.load("eu-central-1")
    assert table.lambda_request == pricing.load().lambda_request
    assert {"lambda_request", "lambda_poller_hour", "alarm_month", "lambda_snapstart_restore_gb"} <= set(table.borrowed)
    assert "sqs_request" not in table.borrowed
    assert "of us-east-1" in ops("show")[1]


def test_nothing_is_written_where_nothing_was_found(
    ops: Ops, aws: FakeAws, tmp_path: Path, listed: dict[str, list[str]]
) -> None:
    for products in listed.values():
        products[:] = ["{}"]
    code, _, err = ops("refresh")
    assert code == 3 and "is that a region?" in err
    assert not (tmp_path / "prices").exists()


@pytest.mark.parametrize(
    ("region", "hint"), [("nowhere", "e.g. --region"), ("eu-centrl-1", "Did you mean eu-central-1?")]
)
@pytest.mark.parametrize("command", ["show", "refresh"])
def test_a_region_that_there_is_not_is_refused(
    ops: Ops, monkeypatch: pytest.MonkeyPatch, command: str, region: str, hint: str
) -> None:
    with serve(lambda *_: {}, monkeypatch, region=region) as fake:
        code, _, err = ops(command)
    assert code == UsageError.exit_code and f"Lambda has no region {region}." in err and hint in err
    assert not fake.calls


def test_tiers_are_read_and_used(ops: Ops, aws: FakeAws) -> None:
    ops("refresh")
    table = pricing.load("eu-central-1")
    assert table.tiers["lambda_gb_second_x86_64"] == ((6e9, 1.9e-5), (math.inf, 1.7e-5))
    assert table.free["sqs_request"] == 1e6
    assert "first of 2 tiers" in " ".join(ops("show")[1].split())


def test_a_region_without_a_file_has_us_east_1s(ops: Ops, aws: FakeAws) -> None:
    code, out, _ = ops("show")
    assert code == 0 and "Prices of us-east-1" in out and "ops prices refresh --region eu-central-1" in out


@pytest.mark.parametrize(
    "text",
    [
        "= not toml",
        *(
            f'region = "x"\ndated = "y"\n[sqs_request]\nusd = {usd}\nsure = true\n'
            for usd in ('"dear"', "nan", "inf", "-0.1", "true")
        ),
    ],
)
def test_a_file_that_is_not_right_says_what_to_do(ops: Ops, aws: FakeAws, tmp_path: Path, text: str) -> None:
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "eu-central-1.toml").write_text(text)
    code, _, err = ops("show")
    assert code == OpsError.exit_code and "eu-central-1.toml" in err and "ops prices refresh" in err


@pytest.mark.parametrize(("dated", "used"), [("2020-01-01", 4e-7), ("2999-01-01", 9.0)])
def test_the_newer_prices_of_us_east_1_are_used(aws: FakeAws, tmp_path: Path, dated: str, used: float) -> None:
    """A later version of the tool may ship newer ones than were refreshed."""
    (tmp_path / "prices").mkdir()
    text = f'region = "us-east-1"\ndated = "{dated}"\n[sqs_request]\nusd = 9.0\nsure = true\n'
    (tmp_path / "prices" / "us-east-1.toml").write_text(text)
    assert pricing.load("us-east-1").sqs_request == used


def test_a_missing_permission_is_named(ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(service: str, operation: str, asked: dict[str, Any]) -> Any:
        raise Refusal("AccessDeniedException", "not authorized", 400)

    with serve(refuse, monkeypatch):
        code, _, err = ops("refresh")
    assert code == 3 and "pricing:GetProducts" in err


def test_a_price_per_another_unit_is_named_and_not_used(
    ops: Ops, aws: FakeAws, tmp_path: Path, listed: dict[str, list[str]]
) -> None:
    """0.50 per million requests, where it was 0.0000005 per request."""
    listed["AWSQueueService"][0] = product("usagetype", "EUC1-Requests-Tier1", ("0", "0.5000000000"))
    code, out, _ = ops("refresh")
    said = "sqs_request: that of us-east-1 is used; $0.5 per Units is more than 10 times off $4e-07"
    assert code == 0 and said in " ".join(out.split())
    assert "sqs_request" not in tomllib.loads((tmp_path / "prices" / "eu-central-1.toml").read_text())
    assert pricing.load("eu-central-1").sqs_request == 4e-7


def test_a_region_without_a_service_has_the_others(
    ops: Ops, aws: FakeAws, tmp_path: Path, listed: dict[str, list[str]]
) -> None:
    listed["AmazonApiGateway"] = []
    code, out, _ = ops("refresh")
    assert code == 0
    assert "api_rest_request: that of us-east-1 is used; no price in dollars is listed as ApiGatewayRequest" in out
    table = pricing.load("eu-central-1")
    assert ("api_rest_request" in table.borrowed, table.sqs_request) == (True, 5e-7)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Refusal("AccessDeniedException", "not authorized", 400), "pricing:GetProducts"),
        (Refusal("InvalidNextTokenException", "The pagination token is invalid.", 400), "prices of AmazonCloudWatch"),
        (Refusal("ExpiredNextTokenException", "The pagination token has expired.", 400), "prices of AmazonCloudWatch"),
    ],
)
def test_a_refresh_that_stops_half_way_leaves_the_file_as_it_was(
    ops: Ops, aws: FakeAws, tmp_path: Path, refusal: Refusal, said: str
) -> None:
    ops("refresh")
    path = tmp_path / "prices" / "eu-central-1.toml"
    before, whole = path.read_bytes(), aws.answer

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if asked["ServiceCode"] == "AmazonCloudWatch":
            raise refusal
        return whole(service, operation, asked)

    aws.answer = answer
    code, out, err = ops("refresh")
    assert code == 3 and said in err and "Written to" not in out
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_throttled_page_is_asked_for_again(ops: Ops, aws: FakeAws) -> None:
    whole, refused = aws.answer, [1]

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if asked.get("NextToken") and refused:
            refused.pop()
            raise Refusal("ThrottlingException", "Rate exceeded", 400)
        return whole(service, operation, asked)

    aws.answer = answer
    assert ops("refresh")[0] == 0
    assert not refused
    assert pricing.load("eu-central-1").tiers["lambda_gb_second_x86_64"][-1] == (math.inf, 1.7e-5)
