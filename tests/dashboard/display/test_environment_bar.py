"""The bar above every page: what it names, and how it marks production."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard import theme
from dashboard.formatting import principal
from dashboard.markup.environment_bar import PRODUCTION_VARIABLE, environment_bar
from dashboard.pages import PAGES
from ops.aws.sts import Identity
from ops.errors import AccessDenied, OpsError
from ops.target import Target
from tests.dashboard.app import App

AWS = Target(stack="shop", region="eu-west-1", profile="on-call")
ONCALL = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/OnCall/alex")
Visit = Callable[[str], App]


def test_the_twin_is_named() -> None:
    bar = environment_bar(Target(endpoint="http://127.0.0.1:1", region="us-east-1"), None, environ={})
    assert ">TWIN<" in bar
    assert "us-east-1" in bar
    assert "AWS" not in bar


def test_aws_is_named_with_account_region_profile_and_role() -> None:
    bar = environment_bar(AWS, ONCALL, environ={})
    for named in ("AWS 123456789012", "eu-west-1", "profile on-call", "role OnCall (alex)"):
        assert named in bar
    assert theme.DEAD not in bar
    assert "READ-ONLY" not in bar


def test_what_is_not_known_yet_is_left_out() -> None:
    bar = environment_bar(AWS, None, environ={"AWS_PROFILE": "other"})
    assert ">AWS<" in bar
    assert "profile on-call" in bar
    assert ">role" not in bar


def test_an_identity_that_will_not_be_known_is_reported_with_its_reason() -> None:
    bar = environment_bar(AWS, None, "No <AWS> credentials were found.", environ={})
    assert ">AWS: identity unknown<" in bar and theme.WARNING in bar
    assert "No &lt;AWS&gt; credentials were found." in bar


def test_a_production_account_is_red() -> None:
    bar = environment_bar(AWS, ONCALL, environ={PRODUCTION_VARIABLE: "999999999999, 123456789012"})
    assert "PRODUCTION 123456789012" in bar
    assert theme.DEAD in bar
    assert "PRODUCTION" not in environment_bar(AWS, ONCALL, environ={PRODUCTION_VARIABLE: "999999999999"})


def test_a_wrong_account_id_is_reported() -> None:
    bar = environment_bar(AWS, ONCALL, environ={PRODUCTION_VARIABLE: "prod,123456789012"})
    assert f"{PRODUCTION_VARIABLE}: prod is not an account ID" in bar
    assert "PRODUCTION 123456789012" in bar


@pytest.mark.parametrize(
    ("arn", "shown"),
    [
        ("arn:aws:iam::123456789012:user/ops/alex", "user ops/alex"),
        ("arn:aws:iam::123456789012:root", "root"),
        ("arn:aws:sts::123456789012:assumed-role/Admin/", "role Admin"),
        ("arn:aws-cn:sts::123456789012:federated-user/alex", "federated-user alex"),
    ],
)
def test_a_principal_in_words(arn: str, shown: str) -> None:
    assert principal(arn) == shown


def test_names_from_aws_are_text() -> None:
    bar = environment_bar(AWS, Identity("<b>", "arn:aws:iam::1:user/<img src=x>"), environ={})
    assert "<img" not in bar
    assert "<b>&lt;" not in bar.replace("<b>SciLearn operations</b>", "")


@pytest.mark.parametrize("key", ["overview", "dead_letters", "audit"])
def test_every_page_has_the_bar(sample: Visit, key: str) -> None:
    app = sample("fine").open(PAGES[key])
    assert not app.at.exception
    assert "AWS 123456789012" in app.text
    assert "role OnCall (alex)" in app.text


def test_a_read_only_dashboard_says_so_on_top(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    assert "READ-ONLY" in sample("fine").open().text


def test_an_identity_that_cannot_be_read_leaves_the_page(sample: Visit) -> None:
    app = sample("denied").open()
    assert not app.at.exception
    assert "AWS: identity unknown" in app.text
    assert "see the error below" in app.text


@pytest.mark.parametrize("key", ["audit", "rightsize", "compare", "dead_letters"])
def test_an_error_that_the_page_shows_is_not_repeated_above_it(sample: Visit, key: str) -> None:
    app = sample("denied").open(PAGES[key])
    assert "see the error below" in app.text
    assert app.text.count("may not call cloudwatch:GetMetricData") == 1


def test_an_error_of_another_page_is_not_referred_to(sample: Visit) -> None:
    app = sample("denied").open(PAGES["cost"])
    app.open(PAGES["runbooks"])
    assert "see the error below" not in app.text
    assert "The identity user reader may not call cloudwatch:GetMetricData." in app.text, "people are named without ARN"


def test_only_the_identity_cannot_be_read(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: object) -> Identity:
        error: OpsError = AccessDenied("This identity is not authorized to perform sts:GetCallerIdentity.")
        raise error

    monkeypatch.setattr("tests.dashboard.samples.Sample.identity", denied)
    app = sample("fine").open()
    assert not app.at.exception and "so-finding" in app.html
    assert "AWS: identity unknown" in app.text and "sts:GetCallerIdentity" in app.text
