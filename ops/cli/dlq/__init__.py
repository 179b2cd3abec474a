"""``ops dlq``: what died and why, and how it comes back. One module a group of commands; ``asked``: what they share."""

from __future__ import annotations

import typer

from ops.cli.dlq import files, letters, look, move, plan, runs

app = typer.Typer(help="Dead letters: what died, why, and bringing them back.", no_args_is_help=True)

READ = "Read"
RETURN = "Bring back"
KEEP = "Keep and delete"

app.command("look", rich_help_panel=READ)(look.look)
app.command("causes", rich_help_panel=READ)(look.causes)
app.command("list", rich_help_panel=READ)(letters.list_)
app.command("show", rich_help_panel=READ)(letters.show)
app.command("plan", rich_help_panel=RETURN)(plan.plan)
app.command("diff", rich_help_panel=RETURN)(plan.diff)
app.command("redrive", rich_help_panel=RETURN)(runs.redrive)
app.command("runs", rich_help_panel=RETURN)(runs.runs)
app.command("cancel", rich_help_panel=RETURN)(runs.cancel)
app.command("resume", rich_help_panel=RETURN)(runs.resume)
app.command("move", rich_help_panel=RETURN)(move.move)
app.command("export", rich_help_panel=KEEP)(files.export)
app.command("import", rich_help_panel=KEEP)(files.import_)
app.command("purge", rich_help_panel=KEEP)(files.purge)
