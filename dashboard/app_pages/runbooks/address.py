"""The state of the page in its address, so that a link reproduces it."""

from __future__ import annotations

import streamlit as st

RUNBOOK_KEY, RUN_KEY, ALARM_KEY = "runbook", "run", "alarm"


def runbook() -> str:
    """The name of the runbook that is open; empty: none."""
    return str(st.query_params.get(RUNBOOK_KEY, ""))


def run_id() -> str:
    return str(st.query_params.get(RUN_KEY, ""))


def alarm() -> str:
    """The alarm from whose row the page was opened."""
    return str(st.query_params.get(ALARM_KEY, ""))


def alarm_query() -> dict[str, str]:
    """The alarm as a query parameter of a link."""
    return {ALARM_KEY: alarm()} if alarm() else {}


def open_runbook(name: str, alarm: str = "") -> None:
    st.query_params[RUNBOOK_KEY] = name
    if alarm:
        st.query_params[ALARM_KEY] = alarm
    _drop(RUN_KEY)


def open_run(run: str, name: str) -> None:
    st.query_params[RUNBOOK_KEY] = name
    st.query_params[RUN_KEY] = run


def open_list() -> None:
    for key in (RUNBOOK_KEY, RUN_KEY, ALARM_KEY):
        _drop(key)


def _drop(key: str) -> None:
    if key in st.query_params:
        del st.query_params[key]
