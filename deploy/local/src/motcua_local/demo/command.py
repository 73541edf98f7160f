"""`motcua demo`: bring everything up, tell the stories, show who did what when, leave a report."""

import json
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
from rich.console import Console
from rich.table import Table
from rich.text import Text

from motcua_local.demo.stories import STORIES
from motcua_local.demo.story import Scene, Step, Story
from motcua_local.demo.witness import Witness
from motcua_local.errors import LocalError
from motcua_local.folders import make_folder, write_secret
from motcua_local.stack import Stack

HIDDEN_TOPIC = "motcua.dossier.recipients.v1"
"""The one topic that the operator may not read."""


def tell_stories(stack: Stack, out: Console, keys: Sequence[str] = ()) -> list[Story]:
    """Tell these stories, or all, on a running stack; the next is told even when one fails."""
    if unknown := set(keys) - set(STORIES):
        raise LocalError(
            f"there is no story {min(unknown)}", next_step=f"one of: {', '.join(STORIES)}"
        )
    if stack.process("kafka").running() is None:
        raise LocalError("nothing runs that a story could happen on", next_step="motcua up")
    endpoints = json.loads(stack.endpoints_file.read_text())
    topics = [name for name in stack.plan.topics if name != HIDDEN_TOPIC]
    witness = Witness.at(endpoints["kafka"], topics)
    scene = Scene(
        endpoints,
        witness,
        keepsakes=stack.keepsakes,
        kill=stack.kill,
        start=lambda name: stack.up([name]),
    )
    try:
        return [_tell(key, scene, out) for key in keys or STORIES]
    finally:
        witness.close()


def _tell(key: str, scene: Scene, out: Console) -> Story:
    title, plot = STORIES[key]
    out.print(f"\n[bold]Story {key}: {title}[/bold]")
    story = Story(key, title, scene, tell=lambda step: _show(step, out))
    try:
        plot(story)
    except (LocalError, httpx2.HTTPError) as error:
        story.failure = str(error)
        out.print(f"  ✗ {error}", style="red", markup=False)
    return story


def _show(step: Step, out: Console) -> None:
    event = f"  {step.event}" if step.event else ""
    out.print(f"  ✓ {step.who}: {step.what}{event}", markup=False, soft_wrap=True)


def write_report(stories: list[Story], folder: Path) -> Path:
    """`report.json`: per story the dossier, the steps with event ids and times, passed or not."""
    report = make_folder(folder) / "report.json"
    content = {"stories": [story.report() for story in stories]}
    write_secret(report, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return report


def closing_table(story: Story) -> Table:
    """Who did what when, event by event."""
    verdict = "[green]passed[/green]" if story.passed else "[red]failed[/red]"
    table = Table(title=f"Story {story.key}: {story.code} {verdict}", title_justify="left")
    for column in ("time (UTC)", "who", "what", "event", "id"):
        table.add_column(column, overflow="fold")
    for step in story.steps:
        what = Text(step.what, style=f"link {step.link}" if step.link else "")
        table.add_row(step.time[11:19], step.who, what, step.event or "", step.event_id or "")
    return table


def show_links(stack: Stack, out: Console) -> None:
    """Where a person can look around."""
    endpoints = json.loads(stack.endpoints_file.read_text())
    out.print("\nLook around:")
    links = {
        "mails": endpoints["mail"]["url"],
        "payment gateway": endpoints["gateways"]["vnpay"]["url"],
        "identity provider": endpoints["identity"]["issuer"],
        **{f"{name} metrics": s["metrics"] for name, s in endpoints["services"].items()},
    }
    for name, url in links.items():
        out.print(f"  {name:<20} {url}")


def wait_for_interrupt() -> None:
    """Until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return
