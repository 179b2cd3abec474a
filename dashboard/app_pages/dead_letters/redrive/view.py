"""The Redrive tab: the form for a plan, its review, or the run that it has."""

from __future__ import annotations

from dashboard.app_pages.dead_letters import redrive_state
from dashboard.app_pages.dead_letters.redrive import plan_form, plan_preview, run_panel
from dashboard.app_pages.dead_letters.redrive_state import Redrive
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.plan_model import Selection


def show_redrive(service: DeadLetterService, redrive: Redrive, selection: Selection, total: int) -> None:
    if redrive.starting:
        run_panel.show_starting(redrive.run)
    elif redrive.run is None:
        plan_form.show_plan_form(service, selection, total)
    elif redrive_state.plan_in_view():
        plan_preview.show_plan_of_run(service, redrive.run)
    else:
        run_panel.show_current_run(service, redrive.run)
