"""What a collector gets of invocations: spans and FaaS metrics, checked against the published schema."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.fakes.otlp_collector import Collector, attributes, collecting
from tests.fakes.tls import certificate
from tests.handler.extension import shapes
from tests.handler.extension.fake import ARN, PATIENCE_S, lay_out
from tests.handler.extension.otlp.exporting import (
    SENDER,
    STARTED_MS,
    end,
    exporting,
    newest_points,
    spans_by_name,
    sqs_message,
    tell,
    value,
)

TRACE_ID = "65f0c0de0123456789abcdef01234567"


def test_a_cold_invocation_is_a_trace_with_its_init(entry: Path, collector: Collector) -> None:
    with exporting(entry, collector) as extension:
        extension.fake.invoke("cold")
        extension.fake.wait_for_next()
        extension.fake.deliver(*shapes.init(), shapes.start("cold"))
        extension.fake.deliver(shapes.runtime_done("cold"), shapes.report("cold", metrics=shapes.COLD))
        end(extension, collector)
    spans = spans_by_name(collector)
    invocation, init = spans["jobs"], spans["init"]
    assert invocation["traceId"] == init["traceId"] == TRACE_ID
    assert invocation["kind"] == 2 and "status" not in invocation
    assert init["parentSpanId"] == invocation["spanId"]
    assert int(invocation["startTimeUnixNano"]) == STARTED_MS * 1_000_000
    assert int(invocation["endTimeUnixNano"]) == STARTED_MS * 1_000_000 + 123_400_000
    assert int(init["endTimeUnixNano"]) - int(init["startTimeUnixNano"]) == 420_500_000
    found = attributes(invocation)
    assert found["faas.invocation_id"] == "cold" and found["faas.coldstart"] is True
    assert found["aws.lambda.invoked_arn"] == found["cloud.resource_id"] == ARN
    assert found["cloud.account.id"] == "123456789012"
    assert "faas.trigger" not in found, "nobody told what started it"
    metrics = newest_points(collector)
    assert value(metrics["faas.coldstarts"]) == value(metrics["faas.invocations"]) == 1
    assert value(metrics["faas.init_duration"]) == pytest.approx(0.4205)
    assert value(metrics["faas.invoke_duration"]) == pytest.approx(0.1234)
    assert value(metrics["faas.mem_usage"]) == 210 << 20
    assert "faas.errors" not in metrics and "faas.timeouts" not in metrics


def test_names_units_and_kinds_are_those_of_the_conventions(entry: Path, collector: Collector) -> None:
    """Semantic conventions 1.41, "FaaS metrics": name, unit, instrument; durations with the bounds advised there."""
    with exporting(entry, collector) as extension:
        for status in ("success", "error", "timeout"):
            extension.fake.deliver(
                *shapes.init(), shapes.start(status), shapes.report(status, status, metrics=shapes.COLD)
            )
        end(extension, collector, 3)
    metrics = newest_points(collector)
    published = {
        "faas.invoke_duration": ("s", "histogram"),
        "faas.init_duration": ("s", "histogram"),
        "faas.mem_usage": ("By", "histogram"),
        "faas.coldstarts": ("{coldstart}", "sum"),
        "faas.errors": ("{error}", "sum"),
        "faas.invocations": ("{invocation}", "sum"),
        "faas.timeouts": ("{timeout}", "sum"),
    }
    found = {name: (metric["unit"], "sum" if "sum" in metric else "histogram") for name, metric in metrics.items()}
    assert {name: kind for name, kind in found.items() if name.startswith("faas.")} == published
    for name in ("faas.invoke_duration", "faas.init_duration"):
        [point] = metrics[name]["histogram"]["dataPoints"]
        assert point["explicitBounds"] == [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
        assert sum(map(int, point["bucketCounts"])) == int(point["count"]) == 3
    for name in ("faas.errors", "faas.invocations", "faas.timeouts"):
        assert value(metrics[name]) == 1, "each invocation is counted as one of the three"
        assert metrics[name]["sum"]["isMonotonic"] is True


def test_messages_have_waited(entry: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = {
        "Records": [
            sqs_message("young", STARTED_MS - 1_000),
            sqs_message("old", STARTED_MS - 60_000, receives=3, trace=SENDER),
            sqs_message("without a time", 0) | {"attributes": {}},
        ]
    }
    with exporting(entry, collector) as extension:
        tell(monkeypatch, extension, batch, "one")
        extension.fake.deliver(*shapes.invocation("one"))
        end(extension, collector)
    waits = {
        attributes(span)["messaging.message.id"]: span for span in collector.spans() if span["name"] == "queue wait"
    }
    assert set(waits) == {"young", "old"}
    old = waits["old"]
    assert int(old["endTimeUnixNano"]) - int(old["startTimeUnixNano"]) == 60_000_000_000
    assert attributes(old)["lambda_ops.receive_count"] == 3
    link = {"traceId": "65f0c0de0123456789abcdef01234568", "spanId": "89abcdef01234568"}
    assert old["links"] == [link] and "links" not in waits["young"]
    invocation = spans_by_name(collector)["jobs"]
    assert invocation["links"] == [link] and old["parentSpanId"] == invocation["spanId"]
    found = attributes(invocation)
    assert (found["faas.trigger"], found["messaging.destination.name"]) == ("pubsub", "jobs")
    assert (found["messaging.batch.message_count"], found["faas.instance"]) == (3, "2026/09/21/[$LATEST]0123")
    wait = newest_points(collector)["lambda_ops.queue_wait"]["histogram"]["dataPoints"]
    assert [(point["count"], point["sum"]) for point in wait] == [("1", 1.0)], "a retry has not waited all that time"
    assert attributes(wait[0]) == {"faas.trigger": "pubsub"}


def test_a_message_of_a_cold_start_has_waited_too(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler may report it while the extension still loads the modules of its export."""
    entry = lay_out(tmp_path)
    exporter = tmp_path / "opt/scilearn-extension/handler/extension/otlp/exporter.py"
    loaded = tmp_path / "loaded"
    slow = f"while not posix.access({str(loaded)!r}, 0):\n    time.sleep(0.001)\n"
    exporter.write_text(exporter.read_text() + slow)
    with exporting(entry, collector) as extension:
        tell(monkeypatch, extension, {"Records": [sqs_message("first", STARTED_MS - 1_000)]}, "one")
        loaded.touch()
        extension.fake.deliver(*shapes.invocation("one"))
        end(extension, collector)
    assert attributes(spans_by_name(collector)["queue wait"])["messaging.message.id"] == "first"


def test_a_job_that_is_the_event_itself_has_another_trigger(
    entry: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    with exporting(entry, collector) as extension:
        tell(monkeypatch, extension, {"job_id": "a"}, "one")
        extension.fake.deliver(*shapes.invocation("one"))
        end(extension, collector)
    assert attributes(spans_by_name(collector)["jobs"])["faas.trigger"] == "other"


@pytest.mark.parametrize(("status", "error"), [("timeout", "Sandbox.Timedout"), ("error", "Runtime.ExitError")])
def test_a_failure_is_an_error_of_its_type(entry: Path, collector: Collector, status: str, error: str) -> None:
    with exporting(entry, collector) as extension:
        extension.fake.deliver(shapes.start("bad"), shapes.report("bad", status, errorType=error))
        end(extension, collector)
    span = spans_by_name(collector)["jobs"]
    assert span["status"] == {"code": 2, "message": error}
    assert attributes(span)["error.type"] == error


def test_a_restored_environment_is_another_instance(entry: Path, collector: Collector) -> None:
    """The metrics from before the snapshot are not its own; the init ran when the version was published."""
    with exporting(entry, collector) as extension:
        extension.fake.deliver(*shapes.init(kind="snap-start"), *shapes.invocation("before"))
        collector.wait_until(lambda: len(collector.accepted) == 2)
        before = collector.accepted[0]
        restored = {"status": "success", "metrics": {"durationMs": 95.5}}
        extension.fake.deliver(
            shapes.event("platform.restoreStart", {"functionVersion": "7"}, 1_000),
            shapes.event("platform.restoreReport", restored, 1_096),
            *[each | {"time": shapes.iso(shapes.EPOCH_MS + 2_000)} for each in shapes.invocation("after")],
        )
        collector.wait_until(lambda: len(collector.accepted) == 4)
        assert extension.end() == 0
    spans = spans_by_name(collector)
    assert "init" not in spans
    assert int(spans["restore"]["endTimeUnixNano"]) - int(spans["restore"]["startTimeUnixNano"]) == 95_500_000
    metrics = newest_points(collector)
    assert value(metrics["lambda_ops.restore_duration"]) == pytest.approx(0.0955)
    assert value(metrics["faas.invocations"]) == 1 and "faas.init_duration" not in metrics
    instance = {
        attributes(part["resource"])["service.instance.id"]
        for request in (before, collector.accepted[-1])
        for part in request.content.get("resourceSpans", request.content.get("resourceMetrics", []))
    }
    assert len(instance) == 2


def test_an_init_that_no_one_waited_for_is_a_trace_of_its_own(entry: Path, collector: Collector) -> None:
    with exporting(entry, collector) as extension:
        extension.fake.deliver(*shapes.init(kind="provisioned-concurrency"))
        later = [each | {"time": shapes.iso(shapes.EPOCH_MS + 9_000)} for each in shapes.invocation("later")]
        later[-1]["record"]["initializationType"] = "provisioned-concurrency"
        extension.fake.deliver(*later)
        end(extension, collector)
    spans = spans_by_name(collector)
    assert spans["init"]["traceId"] != spans["jobs"]["traceId"] and "parentSpanId" not in spans["init"]
    metrics = newest_points(collector)
    assert "faas.init_duration" in metrics and "faas.coldstarts" not in metrics


def test_an_invocation_that_is_killed_ends_with_its_environment(entry: Path, collector: Collector) -> None:
    with exporting(entry, collector) as extension:
        extension.fake.deliver(shapes.start("killed"))
        extension.fake.shutdown("TIMEOUT", within_ms=600)
        extension.process.wait(PATIENCE_S)
    span = spans_by_name(collector)["jobs"]
    assert attributes(span)["lambda_ops.missing"] == ["platform.runtimeDone", "platform.report"]
    assert span["status"]["message"] == "Sandbox.Timedout"


def test_a_caller_that_was_not_recorded_is_no_parent(entry: Path, collector: Collector) -> None:
    header = "Root=1-65f0c0de-0123456789abcdef01234567;Parent=89abcdef01234567;Sampled="
    with exporting(entry, collector) as extension:
        for sampled in "01":
            events = shapes.invocation(sampled)
            for each in events:
                each["record"]["tracing"] = {"value": header + sampled}
            extension.fake.deliver(*events)
        end(extension, collector, 2)
    parents = {attributes(span)["faas.invocation_id"]: span.get("parentSpanId") for span in collector.spans()}
    assert parents == {"0": None, "1": "89abcdef01234567"}


def test_delta_points_add_up_to_the_whole(entry: Path, collector: Collector) -> None:
    preference = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta", "OTEL_METRIC_EXPORT_INTERVAL": "1"}
    with exporting(entry, collector, **preference) as extension:
        for number in range(3):
            extension.fake.deliver(*shapes.invocation(str(number)))
            collector.wait_until(partial(came, collector, number + 1))
        extension.end()
    assert {metric["sum"]["aggregationTemporality"] for metric in collector.metrics() if "sum" in metric} == {1}


def came(collector: Collector, wanted: float) -> bool:
    return sum(value(metric) for metric in collector.metrics() if metric["name"] == "faas.invocations") == wanted


def test_signals_go_where_their_own_variables_say(entry: Path, collector: Collector) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"{collector.url}/base/",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{collector.url}/own?key=1",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20YTpi,x-tenant=a",
        "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "x-tenant=m",
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "gzip",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test%2C1,service.name=overruled",
        "OTEL_SERVICE_NAME": "Überblick",
    }
    with exporting(entry, collector, **variables) as extension:
        extension.fake.deliver(*shapes.invocation("one"))
        end(extension, collector)
    assert {request.path for request in collector.requests} == {"/base/v1/traces", "/own?key=1"}
    by_path = {request.path: request for request in collector.requests}
    traces, metrics = by_path["/base/v1/traces"], by_path["/own?key=1"]
    assert (traces.headers["authorization"], traces.headers["x-tenant"]) == ("Basic YTpi", "a")
    assert traces.headers["content-encoding"] == "gzip"
    assert (metrics.headers["x-tenant"], metrics.headers.get("authorization")) == ("m", None)
    resource = attributes(traces.content["resourceSpans"][0]["resource"])
    assert (resource["service.name"], resource["deployment.environment"]) == ("Überblick", "test,1")
    assert resource["faas.max_memory"] == 1024 << 20


def test_tls_with_a_certificate_of_its_own(entry: Path, tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    with collecting(pem) as collector:
        address = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"https://localhost:{collector.port}"}
        with exporting(entry, collector, **address, OTEL_EXPORTER_OTLP_CERTIFICATE=str(pem)) as extension:
            extension.fake.deliver(*shapes.invocation("one"))
            end(extension, collector)
    assert spans_by_name(collector)
