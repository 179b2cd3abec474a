"""A plan as a person reads it before saying yes: how many, where to, how, at what cost, with which permissions."""

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

_VERB = {Action.REDRIVE: "Redrive", Action.COPY: "Copy", Action.PURGE: "Purge"}


def show_plan(service: DeadLetterService, plan_id: str, selection: Selection, allowed: Access) -> None:
    """The saved plan, and the button that leads to its reason. Nothing has moved yet.

    Not shown while other letters are chosen than it was made for, nor once it is carried out (its run is shown then).
    """
    try:
        plan = cached_queries.load_plan(service, plan_id)
        begun = service.run(plan_id)
    except OpsError as error:
        error_box.show(error, again=False, title="This cannot be done")
        return
    if begun is not None or plan.selection != selection:
        return
    verb = _VERB[plan.action]
    many = f"about {message_count(plan.total)}" if plan.unseen else message_count(len(plan.ids))
    with st.container(border=True, key="preview"):
        st.subheader(f"{verb} {many}: is this what you want?", anchor=False)
        st.html(_numbers_html(plan))
        st.html(dead_letters.course(dead_letters.origin(plan, service.queue), dead_letters.destination(plan)))
        if plan.steps.watch:
            st.html(dead_letters.planned_steps(plan))
        if plan.warnings:
            st.html(dead_letters.warnings(plan.warnings))
        left, right = st.columns(2, gap="medium")
        with left, st.expander("Which causes, and how", icon=":material/list:", key="preview-how"):
            st.html(html_blocks.facts(_plan_facts(plan)))
        with (
            right,
            st.expander(f"{len(plan.permissions)} permissions needed", icon=":material/key:", key="preview-iam"),
        ):
            st.code("\n".join(plan.permissions) or "none", language=None, wrap_lines=True)
        if plan.edits:
            show_diffs(service, plan)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(
                f"{verb} {many}…",
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
    held = f"of {number(plan.queue_count)} in the queue"
    return f"{held}; about {number(plan.unseen)} more, which the scan could not see" if plan.unseen else held


def _numbers_html(plan: Plan) -> str:
    return html_blocks.stats(
        [
            Stat("Letters", number(len(plan.ids)), note=_queue_note(plan)),
            Stat("Sending takes about", duration(plan.estimate.seconds),
                 note=f"and up to {duration(plan.steps.patience_s)} of watching a step" if plan.steps.watch else ""),
            Stat("Costs about", formatting.price(plan.estimate.usd), note=f"{number(plan.estimate.requests)} requests"),
            Stat("At most", number(plan.pace.max_per_s) if plan.pace.max_per_s else "no cap", "/s",
                 note="slower while the workload is behind" if plan.pace.headroom else "whatever the workload says"),
            Stat("Size", byte_size(plan.bytes)),
        ]
    )  # fmt: skip


def _plan_facts(plan: Plan) -> dict[str, str]:
    causes = ", ".join(f"{fingerprint or 'unknown'}: {number(many)}" for fingerprint, many in plan.causes.items())
    return {
        "Plan": plan.id,
        "Made by": plan.made_by,
        "Causes": causes,
        "Engine": f"{plan.engine}: {plan.engine_why}",
        "Goes stale": f"when the queue changes by more than {plan.margin:.0%}, or after a day",
        "Hash": plan.hash,
    }


def show_diffs(service: DeadLetterService, plan: Plan) -> None:
    """A few of the letters as they will be sent, as diffs: the originals stay on the shelf. The first is open, the
    rest is folded away, so that the button below stays near."""
    shown = service.previews(plan)
    with st.expander(f"What the edits change, in {message_count(len(plan.sample))}", expanded=True, key="preview-diff"):
        for one in shown[:1]:
            _show_diff(one)
    if rest := shown[1:]:
        with st.expander(f"The same in {number(len(rest))} more", key="preview-diffs"):
            for one in rest:
                _show_diff(one)


def _show_diff(one: Preview) -> None:
    st.html(f'<span class="so-quiet">Letter {escape(one.id)}</span>')
    if one.refused:
        st.text(f"It would not be sent: {sendable(one.refused)}")
    else:
        st.code(sendable(one.diff) or "(no change)", language="diff", wrap_lines=True)
    if one.note:
        st.text(sendable(one.note))
