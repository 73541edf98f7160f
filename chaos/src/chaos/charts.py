"""The charts of a report, as SVG that stands in the page and takes its colours from it.

matplotlib draws with stand-in colours, which are then given the page's names for them: so one
drawing serves light, dark and paper. Each chart comes wide and narrow, for a desk and a phone.
"""

import io
import random
import re
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullLocator

from chaos.timeline import Bucket, Struck, buckets

Json = Mapping[str, Any]

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "processes": ("kill", "pause"),
    "engines": (
        "broker-kill",
        "database-kill",
        "backends-terminated",
        "insert-fails",
        "disk-full",
    ),
    "network": (
        "network-latency",
        "network-bandwidth",
        "network-reset",
        "network-half-open",
        "network-cut",
        "network-one-way",
    ),
    "outsiders": (
        "agency-away",
        "agency-slow",
        "ipn-duplicated",
        "ipn-late",
        "ipn-lost",
        "gateway-silent",
        "gateway-reset",
        "gateway-500",
        "trust-away",
        "trust-slow",
        "trust-wrong-time",
        "mail-unanswered",
        "mail-busy",
    ),
    "messages": ("poison", "future-schema", "topic-rebuilt", "offsets-reset", "rebalance-storm"),
}
OTHER = "people and clocks"

_WIDE, _NARROW = 9.6, 4.3
_POINTS = {_WIDE: 300, _NARROW: 140}
_LANE = {_WIDE: 0.2, _NARROW: 0.33}
"""Height of a lane in inches: on a phone its name stands above what it shows."""
_BAND = {_WIDE: (-0.3, 0.3), _NARROW: (0.0, 0.4)}
"""What of a lane shows something, from its middle."""
_INK, _FAINT, _BLUE, _RED, _GOLD = "#010101", "#020202", "#030303", "#040404", "#050505"
# Stand-ins, and the page's names for them.
_COLOURS = {
    _INK: "ink",
    _FAINT: "faint",
    _BLUE: "blue",
    _RED: "red",
    _GOLD: "gold",
    "#0a0a0a": "processes",
    "#0b0b0b": "engines",
    "#0c0c0c": "network",
    "#0d0d0d": "outsiders",
    "#0e0e0e": "messages",
    "#0f0f0f": "people",
}
_STAND_INS = {name: colour for colour, name in _COLOURS.items()}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it is found, read aloud and scaled
    "font.size": 9,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titlecolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": _FAINT,
    "grid.linewidth": 0.4,
    "grid.alpha": 0.5,
    "text.color": _INK,
    "xtick.color": _FAINT,
    "xtick.labelcolor": _INK,
    "ytick.color": _FAINT,
    "ytick.labelcolor": _INK,
    "legend.fontsize": 8.5,
    "legend.columnspacing": 1.0,
    "legend.frameon": False,
    "legend.borderpad": 0,
    "legend.handlelength": 0.9,
}


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart twice: for a desk and for a phone."""

    wide: str
    narrow: str


def family(kind: str) -> str:
    """Which part of the world a kind of fault breaks; a family has one colour."""
    return next((name for name, kinds in FAMILIES.items() if kind in kinds), OTHER)


def families(kinds: Collection[str]) -> list[str]:
    """The families of some kinds, in their order."""
    present = {family(kind) for kind in kinds}
    return [name for name in (*FAMILIES, OTHER) if name in present]


def timeline(samples: Sequence[Json], struck: Sequence[Struck], *, seconds: float) -> Chart:
    """How much was done and left to do, with what was broken when, on one axis of time."""
    drawn = [_timeline(samples, struck, seconds=seconds, width=width) for width in (_WIDE, _NARROW)]
    return Chart(*drawn)


def recovery(recoveries: Mapping[str, Sequence[float]]) -> Chart:
    """How long it took until all went on: each time a dot, the median a bar."""
    return Chart(*(_recovery(recoveries, width) for width in (_WIDE, _NARROW)))


def _timeline(
    samples: Sequence[Json], struck: Sequence[Struck], *, seconds: float, width: float
) -> str:
    kinds = sorted({f.kind for f in struck}, key=_place)
    with mpl.rc_context(_STYLE):
        heights = [1.1, 1.1, 1.1, 1.3, _LANE[width] * max(1, len(kinds)) + 0.1]
        figure = Figure((width, sum(heights) + 0.36 * len(heights) + 0.3), layout="constrained")
        panels: Sequence[Axes] = figure.subplots(
            len(heights), 1, sharex=True, height_ratios=heights
        )
        _time_axis(panels[-1], seconds, width)
        through = buckets(samples, struck, step=max(5.0, seconds / _POINTS[width]))
        _levels(panels, through)
        for panel in panels[:-1]:
            _shade(panel, struck)
            panel.grid(axis="y")
            panel.tick_params(axis="x", length=0)
        _lanes(panels[-1], struck, kinds, band=_BAND[width])
        _name_lanes(panels[-1], kinds, width)
        return _svg(figure, f"timeline {width}")


def _levels(panels: Sequence[Axes], through: Sequence[Bucket]) -> None:
    dossiers, events, unfinished, backlog, _ = panels
    dossiers.set_title("Dossiers per minute")
    _lines(dossiers, through, _per_minute(through), colours={"filed": _BLUE, "ended": _GOLD})
    events.set_title("Events published per second")
    rates = {"published": [bucket.rates["published"] for bucket in through]}
    _lines(events, through, rates, colours={"published": _BLUE})
    unfinished.set_title("Open dossiers")
    _lines(unfinished, through, {"open": _peaks(through, "open")}, colours={"open": _BLUE})
    backlog.set_title("Backlog")
    held = [_sum(b.peaks["heldWaiting"], b.peaks["heldParked"]) for b in through]
    waits = {"outbox": _peaks(through, "outbox"), "lag": _peaks(through, "lag"), "held": held}
    _lines(backlog, through, waits, colours={"outbox": _BLUE, "lag": _GOLD, "held": _RED})
    backlog.set_yscale("symlog", linthresh=10)
    backlog.yaxis.set_major_locator(FixedLocator([0, 10, 100, 1000, 10_000, 100_000]))
    backlog.yaxis.set_minor_locator(NullLocator())
    backlog.yaxis.set_major_formatter("{x:,.0f}")


def _lines(
    panel: Axes,
    through: Sequence[Bucket],
    series: Mapping[str, Sequence[float | None]],
    *,
    colours: Mapping[str, str],
) -> None:
    at = [bucket.starts for bucket in through]
    for name, values in series.items():
        known = [float("nan") if value is None else value for value in values]
        panel.plot(at, known, color=colours[name], linewidth=1.2, label=name)
    panel.set_ylim(bottom=0)
    panel.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    panel.yaxis.set_major_formatter("{x:,.0f}")
    if len(series) > 1:
        panel.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(series))


def _per_minute(through: Sequence[Bucket]) -> dict[str, list[float | None]]:
    return {name: [_times(b.rates[name], 60) for b in through] for name in ("filed", "ended")}


def _peaks(through: Sequence[Bucket], name: str) -> list[float | None]:
    return [bucket.peaks[name] for bucket in through]


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _sum(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _shade(panel: Axes, struck: Sequence[Struck]) -> None:
    """What lasts is seen behind the lines; single kills are too many for that."""
    for fault in struck:
        if fault.ends - fault.starts > 1 and fault.kind != "kill":
            panel.axvspan(fault.starts, fault.ends, color=_colour(fault.kind), alpha=0.13, lw=0)


def _lanes(
    panel: Axes, struck: Sequence[Struck], kinds: Sequence[str], *, band: tuple[float, float]
) -> None:
    """One lane for each kind of fault; a stroke is drawn at least so wide that it is seen."""
    low, high = band
    least = panel.get_xlim()[1] / 400
    panel.set_title("Faults")
    for lane, kind in enumerate(kinds):
        ours = [(f.starts, max(f.ends - f.starts, least)) for f in struck if f.kind == kind]
        panel.broken_barh(ours, (lane + low, high - low), color=_colour(kind), linewidth=0)


def _name_lanes(panel: Axes, kinds: Sequence[str], width: float) -> None:
    """Beside the lanes, or above what they show where that would leave them no room."""
    panel.set_yticks(range(len(kinds)), kinds if width == _WIDE else [])
    panel.set_ylim(len(kinds) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x")
    panel.spines["left"].set_visible(False)
    if width == _NARROW:
        for lane, kind in enumerate(kinds):
            beside = panel.get_yaxis_transform()
            panel.text(0, lane - 0.06, kind, transform=beside, size=7.5, va="baseline")


def _time_axis(panel: Axes, seconds: float, width: float) -> None:
    panel.set_xlim(0, max(seconds, 1))
    most = 12 if width == _WIDE else 5
    step = next((s for s in (10, 30, 60, 120, 300, 600, 900) if seconds / s <= most), 1800)
    unit, name = (1, "seconds") if step < 60 else (60, "minutes")
    ticks = range(0, int(seconds) + 1, step)
    panel.set_xticks(ticks, [f"{at / unit:g}" for at in ticks])
    panel.set_xlabel(f"{name} from the start")


def _recovery(recoveries: Mapping[str, Sequence[float]], width: float) -> str:
    kinds = sorted(recoveries, key=_place)
    scatter = random.Random(1)  # noqa: S311 - so that equal times are seen side by side
    low, high = _BAND[width]
    with mpl.rc_context(_STYLE):
        figure = Figure((width, (_LANE[width] + 0.03) * len(kinds) + 0.7), layout="constrained")
        panel = figure.subplots()
        for lane, kind in enumerate(kinds):
            took = [max(seconds, 0.1) for seconds in recoveries[kind]]
            at = [lane + scatter.uniform(low + 0.1, high - 0.1) for _ in took]
            panel.scatter(took, at, s=26, color=_colour(kind), alpha=0.6, linewidths=0)
            median = statistics.median(took)
            panel.plot([median] * 2, [lane + low, lane + high], color=_INK, linewidth=1.6)
        panel.set_xscale("log")
        panel.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
        panel.xaxis.set_minor_formatter("{x:g}")
        panel.xaxis.set_major_formatter("{x:g}")
        panel.set_xlabel("seconds until all went on (logarithmic)")
        _name_lanes(panel, kinds, width)
        return _svg(figure, f"recovery {width}")


def _place(kind: str) -> tuple[int, str]:
    names = (*FAMILIES, OTHER)
    return names.index(family(kind)), kind


def _colour(kind: str) -> str:
    return _STAND_INS[family(kind).split(" ", maxsplit=1)[0]]


def _svg(figure: Figure, name: str) -> str:
    """The drawing alone, with the page's colours and letters, hidden from screen readers: the page
    says in words and in a table what it shows.
    """
    file = io.StringIO()
    # Names within a drawing come from this salt: two drawings of a page must not share them.
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    referred = set(re.findall(r"#([\w-]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in referred else "", svg)
    svg = re.sub(r"font: ([0-9.]+px) [^;\"]*", r"font-size: \1", svg)
    for colour, called in _COLOURS.items():
        svg = svg.replace(colour, f"var(--{called})")
    return re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', _opening, svg, count=1, flags=re.DOTALL)


def _opening(found: re.Match[str]) -> str:
    return (
        f'<svg viewBox="{found[1]}" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" aria-hidden="true" focusable="false">'
    )
