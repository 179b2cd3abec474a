"""The review of a plan: messages, destination, rate, cost and permissions, before it is confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.access import Access
from dashboard.app_pages.dead_letters import confirm_dialogs
from dashboard.components import cached_queries
from dashboard.formatting import duration, escape, message_count, number, sendable
from dashboard.markup import dead_letters, error_box, html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.services.dead_letter_service import DeadLetterService
from ops import formatting
from ops.deadletters.plan_model import Action
from ops.errors import OpsError
from ops.formatting import byte_size

if TYPE_CHECKING:
    from ops.deadletters.edits.preview import Preview
    from ops.deadletters.plan_model import Plan, Selection

_VERB = {Action.REDRIVE: "redrive", Action.COPY: "copy", Action.PURGE: "purge"}


def show_plan(service: DeadLetterService, plan_id: str, selection: Selection, allowed: Access) -> None:
    """The saved plan, and the button that opens its confirmation.

    Not shown while other messages are selected than it was created for, nor once it has a run, which is shown instead.
    """
    try:
        plan = cached_queries.load_plan(service, plan_id)
        run = service.run(plan_id)
    except OpsError as error:
        error_box.show(error, again=False, title="The plan cannot be shown")
        return
    if run is not None or plan.selection != selection:
        return
    verb = _VERB[plan.action]
    messages = f"about {message_count(plan.total)}" if plan.unseen else message_count(len(plan.ids))
    with st.container(border=True, key="preview"):
        st.subheader(f"Review: {verb} {messages}", anchor=False)
        st.html(_numbers_html(plan))
        st.html(dead_letters.course(plan, service.queue))
        if plan.steps.watch:
            st.html(dead_letters.planned_stages(plan))
            st.caption(dead_letters.canary_rule(plan))
        if plan.warnings:
            st.html(html_blocks.notes("Warnings", plan.warnings))
        left, right = st.columns(2, gap="medium")
        with left, st.expander("Plan details", icon=":material/list:", key="preview-how"):
            st.html(html_blocks.facts(_plan_facts(plan)))
        with (
            right,
            st.expander(f"Required permissions ({len(plan.permissions)})", icon=":material/key:", key="preview-iam"),
        ):
            st.code("\n".join(plan.permissions) or "none", language=None, wrap_lines=True)
        if plan.edits:
            show_diffs(service, plan)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(
                f"{verb.capitalize()} {messages}…",
                type="primary",
                icon=":material/send:",
                key="ask-redrive",
                disabled=not allowed.may_change,
            ):
                confirm_dialogs.confirm_redrive(service, plan)
            if st.button("Discard", key="discard-plan", type="tertiary"):
                st.session_state.pop("_plan", None)
                st.rerun()
            if not allowed.may_change:
                st.text(allowed.why)
        st.code(f'ops dlq redrive {plan.id} --reason "…"', language=None)


def _queue_note(plan: Plan) -> str:
    of_queue = f"of {number(plan.queue_count)} in the queue"
    return f"{of_queue}; about {number(plan.unseen)} more, which the scan has not reached" if plan.unseen else of_queue


def _numbers_html(plan: Plan) -> str:
    return html_blocks.stats(
        [
            Stat("Messages", number(len(plan.ids)), note=_queue_note(plan)),
            Stat("Estimated time", duration(plan.estimate.seconds),
                 note=f"plus up to {duration(plan.steps.patience_s)} per stage for outcomes" if plan.steps.watch else ""),
            Stat("Estimated cost", formatting.price(plan.estimate.usd), note=f"{number(plan.estimate.requests)} requests"),
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
        "Expires": f"when the queue changes by more than {plan.margin:.0%}, or after a day",
        "Hash": plan.hash,
    }


def show_diffs(service: DeadLetterService, plan: Plan) -> None:
    """Diffs of a few messages. Only the first is expanded, so that the button below stays near."""
    previews = service.preview_messages(plan)
    with st.expander(f"Diff preview ({message_count(len(plan.sample))})", expanded=True, key="preview-diff"):
        for preview in previews[:1]:
            _show_diff(preview)
    if rest := previews[1:]:
        with st.expander(f"Diff of {number(len(rest))} more", key="preview-diffs"):
            for preview in rest:
                _show_diff(preview)


def _show_diff(preview: Preview) -> None:
    st.html(f'<span class="so-quiet">Message {escape(preview.id)}</span>')
    if preview.refused:
        st.text(f"Would not be sent: {sendable(preview.refused)}")
    else:
        st.code(sendable(preview.diff) or "(no change)", language="diff", wrap_lines=True)
    if preview.note:
        st.text(sendable(preview.note))
