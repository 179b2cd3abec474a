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
    assert "It is not known whether an invocation failed" in app.text
    assert "No failed invocation" not in app.text
    assert app.text.count("highest period") == 2, "of the duration and of the end-to-end latency"


def test_no_failure_is_said(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No failed invocation in this time range." in opened(sample, monkeypatch, 0.0).text


def test_failures_of_invocations_that_started_earlier(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No failed invocation started in this time range." in opened(sample, monkeypatch, 2.0).text


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
