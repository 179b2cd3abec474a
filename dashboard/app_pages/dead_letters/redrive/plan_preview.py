"""The review of a plan: messages, destination, rate, cost and permissions, before it is confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.access import Access
from dashboard.app_pages.dead_letters import confirm_dialogs, redrive_state
from dashboard.components import widgets
from dashboard.components.queries import dead_letter_queries
from dashboard.formatting import duration, escape, message_count, number, percent, sendable
from dashboard.markup import dead_letters, error_box, html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.services.dead_letter_service import DeadLetterService
from ops import formatting
from ops.deadletters.plan_model import Action
from ops.errors import OpsError
from ops.formatting import byte_size

if TYPE_CHECKING:
    from ops.deadletters.edits.preview import Preview
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.plan_model import Plan, Selection

_VERB = {Action.REDRIVE: "redrive", Action.COPY: "copy", Action.PURGE: "purge"}


def current_plan(service: DeadLetterService, selection: Selection) -> Plan | None:
    """The plan of this session. None for a plan that was made for other messages than are selected now, that has a
    run, or that cannot be read, which is shown."""
    plan_id = st.session_state.get(redrive_state.PLAN_KEY)
    if not plan_id:
        return None
    try:
        plan = dead_letter_queries.load_plan(service, plan_id)
        run = service.run(plan_id)
    except OpsError as error:
        error_box.show(error, again=False, title="The plan cannot be shown")
        return None
    return plan if run is None and plan.selection == selection else None


def show_plan(service: DeadLetterService, plan: Plan, allowed: Access) -> None:
    """The saved plan, and the button that opens its confirmation."""
    verb, messages, risk = _VERB[plan.action], _messages(plan), confirm_dialogs.plan_risk(plan)
    with st.container(border=True, key="preview"):
        st.html(f'<h3 class="so-title">Review: {verb} {messages}</h3>')
        _show_summary(service, plan)
        if plan.edits:
            show_diffs(service, plan)
        _show_more(plan)
        with st.container(horizontal=True, vertical_alignment="center", key="preview-acts"):
            button = widgets.danger_button if risk else st.button
            if button(
                f"{verb.capitalize()} {messages}…",
                type="primary",
                icon=":material/send:",
                key="ask-redrive",
                disabled=not allowed.may_change,
            ):
                confirm_dialogs.confirm_redrive(service, plan)
            if st.button("Discard", key="discard-plan", type="tertiary"):
                st.session_state.pop(redrive_state.PLAN_KEY, None)
                st.rerun()
            if not allowed.may_change:
                st.text(allowed.why)


def show_plan_of_run(service: DeadLetterService, run: Run) -> None:
    """Shows the plan that a redrive was started with."""
    try:
        plan = dead_letter_queries.load_plan(service, run.id)
    except OpsError as error:
        error_box.show(error, again=False, title="The plan cannot be shown")
        return
    with st.container(border=True, key="preview"):
        st.html(f'<h3 class="so-title">Plan: {_VERB[plan.action]} {_messages(plan)}</h3>')
        _show_summary(service, plan)
        if plan.edits:
            show_diffs(service, plan)
        _show_more(plan, command=False)


def _messages(plan: Plan) -> str:
    return f"about {message_count(plan.total)}" if plan.unseen else message_count(len(plan.ids))


def _show_summary(service: DeadLetterService, plan: Plan) -> None:
    warnings = (*plan.warnings, *filter(None, [confirm_dialogs.plan_risk(plan)]))
    if warnings:  # first: the button below stays in view, and what is further down may not be seen before it is pressed
        st.html(html_blocks.notes("Warnings", warnings))
    st.html(_numbers_html(plan))
    st.html(dead_letters.course(plan, service.queue))
    if plan.steps.watch:
        st.html(dead_letters.planned_stages(plan))
        st.html(f'<span class="so-quiet">{dead_letters.canary_rule(plan)}</span>')
    if plan.mutes:
        st.html(f'<span class="so-quiet">Mutes {escape(plan.mutes_text)}.</span>')


def _show_more(plan: Plan, command: bool = True) -> None:
    with st.expander("Plan details", icon=":material/list:", key="preview-how"):
        st.html(html_blocks.facts(_plan_facts(plan)))
        if command:
            st.code(f'ops dlq redrive {plan.id} --reason "…"', language=None, wrap_lines=True)
    with st.expander(f"Required permissions ({len(plan.permissions)})", icon=":material/key:", key="preview-iam"):
        st.code("\n".join(plan.permissions) or "none", language=None, wrap_lines=True)


def _queue_note(plan: Plan) -> str:
    of_queue = f"of {number(plan.queue_count)} in the queue"
    return f"{of_queue}; about {number(plan.unseen)} more, which the scan has not reached" if plan.unseen else of_queue


def _numbers_html(plan: Plan) -> str:
    return html_blocks.stats(
        [
            Stat("Messages", number(len(plan.ids)), note=_queue_note(plan)),
            Stat("Estimated time", duration(plan.estimate.seconds),
                 note=f"plus up to {duration(plan.steps.patience_s)} per stage for outcomes" if plan.steps.watch else ""),
            Stat("Cost", formatting.price(plan.estimate.usd), note=f"estimated, {number(plan.estimate.requests)} requests"),
            Stat("Max rate", number(plan.pace.max_per_s) if plan.pace.max_per_s else "no limit", "/s",
                 note="reduced under load" if plan.pace.headroom else "not reduced under load"),
            Stat("Size", byte_size(plan.bytes)),
        ]
    )  # fmt: skip


def _plan_facts(plan: Plan) -> dict[str, str]:
    causes = ", ".join(f"{fingerprint or 'unknown'}: {number(count)}" for fingerprint, count in plan.causes.items())
    return {
        "Plan ID": plan.id,
        "Created by": plan.made_by,
        "Causes": causes,
        "Method": f"{plan.engine}: {plan.engine_why}",
        "Expires": f"when the queue changes by more than {percent(plan.margin)}, or after a day",
        "Hash": plan.hash,
    }


def show_diffs(service: DeadLetterService, plan: Plan) -> None:
    """One per message of the sample; only the first is open."""
    for place, preview in enumerate(service.preview_messages(plan)):
        label = f"Diff {number(place + 1)} of {number(len(plan.sample))}"
        with st.expander(label, expanded=not place, icon=":material/difference:", key=f"preview-diff-{place}"):
            _show_diff(preview)


def _show_diff(preview: Preview) -> None:
    st.html(f'<span class="so-quiet">Message {escape(preview.id)}</span>')
    if preview.refused:
        st.text(f"Would not be sent: {sendable(preview.refused)}")
    else:
        st.code(sendable(preview.diff) or "(no change)", language="diff", wrap_lines=True)
    if preview.note:
        st.text(sendable(preview.note))
