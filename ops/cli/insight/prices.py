"""``ops prices``: the prices of a region that costs are computed with, and updating them from AWS's Price List."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, pricing
from ops.aws import Aws, price_list
from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.errors import UsageError
from ops.pricing import price_file
from ops.pricing.price_list import SERVICES, ListedPrices, find_prices
from ops.target import resolve_place

app = typer.Typer(help="Prices that costs are worked out with, and reading new ones from AWS's Price List.")
COLUMNS = ("price", "usd", "of", "sure")


@app.command()
def show(
    profile: options.Profile = None,
    region: options.Region = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show the prices of a region, in US dollars a unit, and which of them are another region's."""
    form = chosen_format(output, as_json)
    target = resolve_place(profile=profile, region=region)
    wanted = pricing.PRICE_REGION if target.is_twin else _known(Aws(target).region)
    table = pricing.load(wanted)
    rows: list[dict[str, Any]] = [
        {
            "price": name,
            "usd": getattr(table, name),
            "of": pricing.PRICE_REGION if name in table.borrowed else table.region,
            "sure": name not in table.unsure,
        }
        for name in (*pricing.price_names(), *pricing.optional_names())
    ]
    if print_as(form, table, COLUMNS, rows):
        return
    console = Console(highlight=False)
    head = f"Prices of {table.region} in US dollars, {table.dated}, first tier, without free tiers"
    console.print(Text(head, style="dim"))
    grid = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for column in ("price", "usd", "notes"):
        grid.add_column(column, overflow="fold", no_wrap=column != "notes")
    for row in rows:
        notes = [f"of {row['of']}"] * (row["of"] != table.region) + ["not confirmed"] * (not row["sure"])
        notes += [f"first of {len(table.tiers[name])} tiers"] if (name := row["price"]) in table.tiers else []
        usd = "not on file" if row["usd"] is None else f"{row['usd']:.10f}".rstrip("0")
        grid.add_row(row["price"], usd, Text(", ".join(notes), style="dim"))
    console.print(grid)
    if table.region != wanted:
        console.print(f"This machine has no prices of {wanted}: its costs use those of {table.region}.")
    if table.region != wanted or table.borrowed:
        console.print(f"For those of {wanted}: ops prices refresh --region {wanted}")


@app.command()
def refresh(profile: options.Profile = None, region: options.Region = None) -> None:
    """Read a region's prices from AWS's Price List into a file of this machine.

    Free of charge; needs pricing:GetProducts. A price that is not found under its known name, not once, or far from that
    of us-east-1, is left out and named; costs then use that of us-east-1. The file is replaced when all is read, else it stays as
    it is. Exits with 3 when no price was found.
    """
    target = resolve_place(profile=profile, region=region)
    if target.is_twin:
        raise UsageError("The twin has no Price List.", "Select an account: OPS_TARGET=aws, or --profile.")
    wanted = _known(Aws(target).region)
    at = Aws(replace(target, region=price_list.ENDPOINT_REGION))
    shipped = pricing.load()
    found = find_prices(
        {service: list(price_list.products(at, service, wanted)) for service in SERVICES},
        pricing.price_names(),
        {name: getattr(shipped, name) for name in (*pricing.price_names(), *pricing.optional_names())},
    )
    if not found.usd:
        typer.echo(
            f"The Price List has none of the prices for {wanted}: is that a region? Nothing was written.", err=True
        )
        raise typer.Exit(3)
    path = price_file.write(wanted, found, f"{datetime.now(UTC):%Y-%m-%d}")
    _say(found, wanted)
    typer.echo(f"Written to {path}. A dashboard that is running uses them once it is started again.")


def _known(region: str) -> str:
    """``region``, if there is one of that name. Raises UsageError."""
    from boto3 import Session  # its list of regions

    session = Session()
    known = {
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("lambda", partition, allow_non_regional=False)
    }
    if region in known:
        return region
    near = get_close_matches(region, known, 1, 0.6)
    hint = f"Did you mean {near[0]}?" if near else "Name one, e.g. --region eu-central-1."
    raise UsageError(f"Lambda has no region {region}.", hint)


def _say(found: ListedPrices, region: str) -> None:
    when = f", publication {found.published}" if found.published else ""
    typer.echo(f"{formatting.count(len(found.usd), 'price')} of {region} read from the Price List{when}.")
    for name, why in sorted(found.missing.items()):
        typer.echo(f"  {name}: that of {pricing.PRICE_REGION} is used; {why}")
