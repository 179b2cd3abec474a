"""``ops dlq``: what died and why, and how it comes back. One module a group of commands; ``asked``: what they share."""

from __future__ import annotations

import typer

from ops.cli.dlq import export, import_, list_show, move, plan, purge, redrive, scan

app = typer.Typer(help="Dead letters: what died, why, and bringing them back.", no_args_is_help=True)

READ = "Read"
RETURN = "Bring back"
KEEP = "Keep and delete"

app.command("scan", rich_help_panel=READ)(scan.scan)
app.command("causes", rich_help_panel=READ)(scan.causes)
app.command("list", rich_help_panel=READ)(list_show.list_)
app.command("show", rich_help_panel=READ)(list_show.show)
app.command("plan", rich_help_panel=RETURN)(plan.plan)
app.command("diff", rich_help_panel=RETURN)(plan.diff)
app.command("redrive", rich_help_panel=RETURN)(redrive.redrive)
app.command("runs", rich_help_panel=RETURN)(redrive.runs)
app.command("cancel", rich_help_panel=RETURN)(redrive.cancel)
app.command("resume", rich_help_panel=RETURN)(redrive.resume)
app.command("move", rich_help_panel=RETURN)(move.move)
app.command("export", rich_help_panel=KEEP)(export.export)
app.command("import", rich_help_panel=KEEP)(import_.import_)
app.command("purge", rich_help_panel=KEEP)(purge.purge)
