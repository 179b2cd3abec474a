"""The standard variables: what is understood, and what is refused with a sentence that does not repeat the value."""

from __future__ import annotations

import pytest

from handler.extension.otlp import variables
from handler.extension.otlp.sampling import sampler
from handler.extension.otlp.settings import Settings

SECRET = "hunter2"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def settings(**values: str) -> Settings:
    return Settings({name.encode(): value.encode("utf-8", "surrogateescape") for name, value in values.items()})


@pytest.mark.parametrize(
    ("endpoint", "traces"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("  HTTPS://Collector.Example.COM/otlp/  ", "https://collector.example.com/otlp/v1/traces"),
        ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ("https://10.0.0.7:443", "https://10.0.0.7/v1/traces"),
        ("http://collector?key=hunter2", "http://collector/v1/traces"),
    ],
)
def test_an_endpoint_gets_the_path_of_its_signal(endpoint: str, traces: str) -> None:
    found = settings(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    assert str(found.endpoints["traces"]) == traces
    assert set(found.endpoints) == {"traces", "metrics"} and found.problems == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "collector:4318",
        "grpc://collector:4317",
        "http://",
        "http://:4318",
        "http:///v1/traces",
        "http://collector:port",
        "http://collector:0",
        "http://collector:65536",
        "http://collector:99999999999999999999",
        "http://user:hunter2@collector:4318",
        "http://col lector",
        "http://collector/\r\nX-Injected: yes",
        "http://collector/\x00",
        "http://sammler.größe.example",
        "http://collector/#hunter2",
        "http://[::1",
        "http://[hunter2]",
        "http://[::1]x",
        "://",
        "\udcff\udcfe",
        "http://" + "a" * 100_000 + "!",
    ],
)
def test_an_endpoint_that_is_no_url_is_named_and_nothing_exported(endpoint: str) -> None:
    found = settings(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    assert found.endpoints == {} and found.problems
    for problem in found.problems:
        assert problem.startswith(f"{ENDPOINT} is not usable, ") and len(problem) < 200
        assert SECRET not in problem and "Injected" not in problem


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf", "HTTP/JSON", "http/json;v=2", "http/\udcff"])
def test_another_protocol_exports_nothing_and_is_named(protocol: str) -> None:
    found = settings(OTEL_EXPORTER_OTLP_ENDPOINT="http://c", OTEL_EXPORTER_OTLP_PROTOCOL=protocol)
    assert found.endpoints == {}
    assert found.problems[0] == (
        "OTEL_EXPORTER_OTLP_PROTOCOL is not http/json, the only protocol here: no traces are exported"
    )


def test_a_signals_own_variables_win() -> None:
    found = settings(
        OTEL_EXPORTER_OTLP_ENDPOINT="http://c",
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT="https://m/",
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="grpc",
        OTEL_EXPORTER_OTLP_TIMEOUT="2000",
        OTEL_EXPORTER_OTLP_METRICS_TIMEOUT="500",
    )
    assert str(found.endpoints["metrics"]) == "https://m/" and "traces" not in found.endpoints
    assert found.endpoints["metrics"].timeout_s == 0.5


@pytest.mark.parametrize(
    "off",
    [
        {"OTEL_SDK_DISABLED": "True"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "console"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "  "},
    ],
)
def test_switched_off_is_no_problem(off: dict[str, str]) -> None:
    found = settings(**{ENDPOINT: "http://c"} | off)
    assert (found.endpoints, found.problems) == ({}, [])


@pytest.mark.parametrize(
    ("text", "headers", "bad"),
    [
        ("api-key=a%3Db", [("api-key", "a=b")], []),
        (" a = b , c=d=e ,", [("a", "b"), ("c", "d=e")], []),
        ("hunter2", [], [1]),
        ("a=b,=hunter2", [("a", "b")], [2]),
        ("a=%zz,b=%", [], [1, 2]),
        ("a=%ff%fe", [], [1]),
        ("a=x%0d%0aInjected: yes", [], [1]),
        ("näme=hunter2", [], [1]),
        ("a=schlüssel", [], [1]),
        ("a b=c", [], [1]),
    ],
)
def test_headers(text: str, headers: list[tuple[str, str]], bad: list[int]) -> None:
    assert variables.headers(text) == (headers, bad)


def test_bad_headers_are_named_by_their_place() -> None:
    text = "a=b,hunter2,Content-Length=5,host=x"
    found = settings(OTEL_EXPORTER_OTLP_ENDPOINT="http://c", OTEL_EXPORTER_OTLP_HEADERS=text)
    assert found.endpoints["traces"].headers == [("a", "b")]
    assert len(found.problems) == 3 and SECRET not in "".join(found.problems)


@pytest.mark.parametrize("timeout", ["0", "-1", "1.5", "soon", "1e9", "９", "999999999999"])
def test_a_timeout_that_is_no_number_is_the_default(timeout: str) -> None:
    found = settings(OTEL_EXPORTER_OTLP_ENDPOINT="http://c", OTEL_EXPORTER_OTLP_TIMEOUT=timeout)
    assert found.endpoints["traces"].timeout_s == 10 and "OTEL_EXPORTER_OTLP_TIMEOUT" in found.problems[0]


def test_resource_attributes_are_all_left_out_if_one_is_unreadable() -> None:
    found = settings(OTEL_RESOURCE_ATTRIBUTES="a=b,hunter2", OTEL_SERVICE_NAME="jobs")
    assert found.resource_attributes() == [("service.name", "jobs")]
    assert "pair 2" in found.problems[0] and SECRET not in found.problems[0]


TRACES = [f"{number:032x}" for number in range(1, 2**64, 2**64 // 64)]


@pytest.mark.parametrize(
    ("name", "argument", "decision", "share"),
    [
        ("", "", "0", 1),
        ("always_on", "", "0", 1),
        ("always_off", "", "1", 0),
        ("parentbased_always_on", "", "0", 0),
        ("parentbased_always_on", "", "", 1),
        ("parentbased_always_off", "", "1", 1),
        ("traceidratio", "0.25", "1", 0.25),
        ("parentbased_traceidratio", "0.25", "", 0.25),
        ("parentbased_traceidratio", "0.25", "1", 1),
        ("traceidratio", "0", "1", 0),
    ],
)
def test_samplers(name: str, argument: str, decision: str, share: float) -> None:
    chosen = sampler(name, argument)
    assert chosen is not None
    assert sum(chosen.samples(trace, decision) for trace in TRACES) / len(TRACES) == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize(
    ("name", "argument"), [("jaeger_remote", ""), ("traceidratio", "half"), ("traceidratio", "nan")]
)
def test_a_sampler_that_is_not_known_exports_all(name: str, argument: str) -> None:
    found = settings(OTEL_TRACES_SAMPLER=name, OTEL_TRACES_SAMPLER_ARG=argument)
    assert found.sampler().samples("1" * 32, "0")
    assert "OTEL_TRACES_SAMPLER" in found.problems[0]


def test_a_temporality_that_is_not_known_is_cumulative() -> None:
    found = settings(OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE="sometimes")
    assert found.cumulative() and found.problems
