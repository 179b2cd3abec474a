"""The Failures page: what is not known is not shown as zero."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import streamlit as st

from dashboard.pages import PAGES
from dashboard.time_range import TimeRange
from ops.insight.reports.failures import FailuresReport
from tests.dashboard.app import App
from tests.dashboard.samples import Sample

Visit = Callable[[str], App]


def opened(sample: Visit, monkeypatch: pytest.MonkeyPatch, failed: float | None) -> App:
    report = Sample().failures(TimeRange())
    quiet = replace(
        report,
        errors=report.errors * 0,
        jobs=report.jobs * float("nan"),
        jobs_failed=None if failed is None else 0.0,
        jobs_rejected=None if failed is None else 0.0,
        failed=failed,
        total=None if failed is None else 5.0,
        p95_of_all=failed is not None,
    )

    def failures(*_: object) -> FailuresReport:
        return quiet

    monkeypatch.setattr("tests.dashboard.samples.Sample.failures", failures)
    app = sample("trouble").open(PAGES["failures"])
    assert not app.at.exception
    return app


def test_without_metrics_and_logs_no_failure_is_ruled_out(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(sample, monkeypatch, None)
    assert "unknown: no metrics and no log lines in this range" in app.text
    assert "no failed invocation" not in app.text
    assert app.text.count("peak (30 s)") == 2, "of the duration and of the end-to-end latency"


def test_no_failure_is_said(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no failed invocations in this range" in opened(sample, monkeypatch, 0.0).text


def test_failures_of_invocations_that_started_earlier(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no failed invocation started in this range" in opened(sample, monkeypatch, 2.0).text


def test_the_selected_invocation_stays_when_a_newer_one_comes(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Sample().failures(TimeRange())
    failed = full.invocations[~full.invocations["status"].isin(("success", ""))].iloc[-3:]
    assert len(failed) == 3
    known = [failed.iloc[:2]]
    monkeypatch.setattr("tests.dashboard.samples.Sample.failures", lambda *_: replace(full, invocations=known[-1]))
    app = sample("trouble").open(PAGES["failures"])
    assert "Select a row for its log lines." in app.text
    ids = " ".join(table.proto.id for table in app.at.dataframe)
    (table,) = re.findall(r"table-failed-invocations-[0-9a-f]+", ids)
    app.at.session_state[table] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.at.run()
    chosen = failed["request_id"].iloc[1]
    assert f"Invocation {chosen}, started " in app.text
    known.append(failed)
    st.cache_data.clear()
    app.at.run()
    assert not app.at.exception
    assert f"Invocation {chosen}, started " in app.text


def selected(sample: Visit, monkeypatch: pytest.MonkeyPatch, trace: str, kind: str = "trouble") -> App:
    """The page with its latest failed invocation selected."""
    full = Sample().failures(TimeRange())
    failed = full.invocations[~full.invocations["status"].isin(("success", ""))].iloc[-1:].assign(trace=trace)
    monkeypatch.setattr("tests.dashboard.samples.Sample.failures", lambda *_: replace(full, invocations=failed))
    app = sample(kind).open(PAGES["failures"])
    (table,) = re.findall(r"table-failed-invocations-[0-9a-f]+", " ".join(t.proto.id for t in app.at.dataframe))
    app.at.session_state[table] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.at.run()
    assert not app.at.exception
    return app


def test_an_invocation_with_a_trace_links_to_it(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = "1-6b0ba243-aed8138bfd59b088c6e3f746"
    app = selected(sample, monkeypatch, f"Root={trace};Parent=f3b57f19bccb739c;Sampled=1")
    assert f"#xray:traces/{trace}" in app.html and 'rel="noopener noreferrer"' in app.html
    assert any("4.38 s  scilearn-worker AWS::Lambda" in code.value for code in app.at.code)
    assert [link.proto.label for link in app.at.get("page_link")].count("Trace this invocation") == 1
    assert any("open    ## handler  ✗ ValueError: no" in code.value for code in app.at.code)


@pytest.mark.parametrize("trace", ["", "Root=1-6b0ba243-aed8138bfd59b088c6e3f746;Sampled=0", "<script>"])
def test_no_link_where_there_is_no_trace(sample: Visit, monkeypatch: pytest.MonkeyPatch, trace: str) -> None:
    app = selected(sample, monkeypatch, trace)
    assert "X-Ray" not in app.text and "#xray" not in app.html
