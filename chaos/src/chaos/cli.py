"""Try to break motcua: thousands of dossiers, while processes die and the network fails."""

import asyncio
import secrets
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from chaos.planted.trial import run_planted
from chaos.run import Wish, break_it
from motcua_local.checkout import ROOT

FOLDER = ROOT / "var" / "chaos"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help=__doc__,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False, markup=False, soft_wrap=True)


@app.command()
def run(
    *,
    seed: Annotated[int | None, typer.Option(help="the same seed, the same plan")] = None,
    minutes: Annotated[float, typer.Option(min=0.5, help="how long things are broken")] = 15,
    dossiers: Annotated[int, typer.Option(min=1, help="how many are filed meanwhile")] = 5_000,
    brokers: Annotated[int, typer.Option(min=1, max=3, help="1, or 3 with replicas")] = 1,
    folder: Annotated[Path, typer.Option(help="where everything of the run goes")] = FOLDER,
) -> None:
    """Break things at random while dossiers go their way, and judge what is left.

    The report is report.html and report.json in the folder; the saved run is beside it. The exit
    code is 0 only if every invariant holds.
    """
    wish = Wish(secrets.randbelow(10**6) if seed is None else seed, minutes, dossiers, brokers)
    out.print(f"seed {wish.seed}: make chaos SEED={wish.seed} does the same again")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(break_it(wish, folder, out.print))
    invariants: dict[str, str] = told["invariants"]
    table = Table("invariant", "verdict")
    for name, verdict in invariants.items():
        table.add_row(name, verdict)
    out.print(table)
    counts = ("dossiers", "kills", "lost", "duplicated", "reordered", "stuck", "unknown")
    out.print("  ".join(f"{name} {told[name]}" for name in counts))
    out.print(f"report: {folder / 'report.html'}")
    raise typer.Exit(0 if set(invariants.values()) == {"holds"} else 1)


@app.command()
def planted(
    names: Annotated[list[str] | None, typer.Argument(help="bugs; all if none is given")] = None,
    *,
    folder: Annotated[Path, typer.Option(help="where everything goes")] = FOLDER,
) -> None:
    """Run motcua with one bug after another, and once with none: the checker must find each.

    What it found is planted.json in the folder. The exit code is 0 only if each bug was caught, and
    nothing where there was none.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcomes = runner.run(run_planted(folder, out.print, names or ()))
    table = Table("bug", "expected", "found by", "seconds")
    for name, outcome in outcomes.items():
        expected, by = ", ".join(outcome.expected), ", ".join(outcome.by)
        table.add_row(name, expected or "nobody", by or "nobody", f"{outcome.seconds:.0f}")
    out.print(table)
    well = all(each.caught if each.expected else not each.by for each in outcomes.values())
    raise typer.Exit(0 if well else 1)
