"""Published incidents that the alarms would have paged for, and recommended alarms that are missing."""

from __future__ import annotations

import logging
import shlex

import streamlit as st

from dashboard import page_runtime
from dashboard.components.queries import alarm_checks
from dashboard.formatting import usd
from dashboard.markup import alarms as markup
from dashboard.markup import error_box, html_blocks
from ops.alarms.rehearsal import DELAYS_COUNTED
from ops.aws.cloudwatch import alarm_of
from ops.errors import OpsError
from ops.formatting import count
from ops.insight.reports.alarms_page.checks import AlarmChecks
from ops.insight.reports.alarms_page.coverage import Coverage
from ops.insight.rules.alarm_rules import alarm_words

log = logging.getLogger(__name__)
FAILED = OpsError(
    "An error of this tool kept the rehearsal from its end.",
    "Its traceback is in the dashboard's log. ops --debug alarms rehearse shows it, too.",
)
COMMANDS = ("alarms diff", "alarms apply", "alarms export")
"""With the topic that the workload's alarms notify already."""


def show_rehearsal(checks: AlarmChecks) -> None:
    """Shows the rehearsal. Any error is logged and shown in place, as the rest of the page does not depend on it."""
    st.subheader("Rehearsal", anchor="rehearsal")
    try:
        found = alarm_checks.rehearse(checks)
    except OpsError as error:
        error_box.show(error, again=False, title="The alarms could not be rehearsed")
        return
    except Exception:  # as the docstring says; the log has the traceback
        log.exception("The rehearsal failed")
        error_box.show(FAILED, again=False, title="The alarms could not be rehearsed")
        return
    st.html(html_blocks.lead(summary(found)))
    st.html(html_blocks.quiet(" ".join(filter(None, (found.note, DELAYS_COUNTED)))))
    st.html(markup.coverage(found))


def summary(found: Coverage) -> str:
    paged = found.required - len(found.missed)
    text = f"These alarms would have paged for {paged} of {count(found.required, 'published incident')}"
    wrong = f", and {count(found.wrong_pages, 'alarm')} would have paged wrongly" if found.wrong_pages else ""
    return f"{text}{wrong}."


def show_missing(checks: AlarmChecks) -> None:
    """The catalogue's alarms that the workload lacks."""
    missing = checks.missing
    if not missing:
        return
    st.subheader("Missing recommended alarms", anchor="recommended")
    cost = usd(sum(alarm.monthly_usd for alarm in missing))
    text = f"{count(len(missing), 'alarm')} of the catalogue, {cost} per month in total ({checks.recommendation.price_region} prices)."
    st.html(html_blocks.lead(" ".join(filter(None, (text, checks.remembered)))))
    conditions = ["" if alarm.composite else alarm_words.condition(alarm_of(alarm.definition)) for alarm in missing]
    st.html(markup.recommended(missing, conditions))
    source = page_runtime.report_source()
    st.html('<span class="so-quiet">Preview the changes, apply them, or export a template:</span>')
    topic = _topic(checks)
    st.code("\n".join(source.command(f"{words}{topic}") for words in COMMANDS), language=None, wrap_lines=True)


def _topic(checks: AlarmChecks) -> str:
    """The alarms' topic as a command-line option; empty where no alarm has one."""
    actions = (arn for each in checks.definitions for arn in each.get("AlarmActions") or ())
    topic = next((arn for arn in actions if ":sns:" in arn), None)
    return f" --topic {shlex.quote(topic)}" if topic else ""
