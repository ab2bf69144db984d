"""A comparison in HTML: for a notebook, and as a page that needs nothing else. Every text is escaped."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from foretell.display import table_html

if TYPE_CHECKING:
    from foretell.parity.changes import Change, Histogram
    from foretell.parity.comparing import VersionComparison

_WIDTH, _HEIGHT = 480, 120

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
caption { text-align: left; font-weight: 600; }
td { overflow-wrap: anywhere; }
"""


def page(report: VersionComparison) -> str:
    """A whole document: no script, nothing from elsewhere."""
    title = html.escape(f"{report.old} → {report.new}")
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>\n<body>\n{body(report)}\n</body></html>\n"
    )


def body(report: VersionComparison) -> str:
    """The headline, a table of outputs, a plot or a table for each, the rows that changed most."""
    parts = [f"<h2>{html.escape(report.headline())}</h2>"]
    parts += [f"<p>{html.escape(note)}</p>" for note in report.notes()]
    parts.append(_outputs(report))
    for change in report.outputs:
        if change.histogram is not None:
            parts.append(_plot(change, change.histogram))
        if change.transitions:
            rows = [list(each) for each in change.transitions]
            if change.more_transitions:
                rows.append(["others", "", change.more_transitions])
            parts.append(table_html(f"{change.output}: labels that changed", ["old", "new", "rows"], rows))
    if report.most:
        parts.append(_most(report))
    return "\n".join(parts)


def _outputs(report: VersionComparison) -> str:
    columns = ["output", "kind", "rows", "changed", "share", "least", "5 %", "median", "95 %", "greatest"]
    rows = []
    for change in report.outputs:
        rows.append(
            [change.output, change.kind, change.rows, change.changed, f"{change.share:.1%}", *change.spread()]
        )
    return table_html("outputs", columns, rows)


def _plot(change: Change, histogram: Histogram) -> str:
    """Bars of rows by the size of the change; heights are logarithmic, so that a single row can be seen."""
    what = "new − old" if change.kind == "number" else "the largest change of an item"
    title = html.escape(f"{change.output}: rows by {what} (height: logarithm of the rows)")
    most = math.log1p(max(histogram.counts))
    width = _WIDTH / len(histogram.counts)
    low, high = histogram.edges[0], histogram.edges[-1]
    bars = []
    for at, count in enumerate(histogram.counts):
        height = _HEIGHT * math.log1p(count) / most
        said = f"{histogram.edges[at]:.3g} to {histogram.edges[at + 1]:.3g}: {count:,} rows"
        bars.append(
            f'<rect x="{at * width:.1f}" y="{_HEIGHT - height:.1f}" width="{width * 0.9:.1f}" '
            f'height="{height:.1f}"><title>{html.escape(said)}</title></rect>'
        )
    zero = _WIDTH * (0 - low) / (high - low)
    return (
        f'<figure><figcaption>{title}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT + 20}" '
        f'width="{_WIDTH}" role="img" aria-label="{title}">'
        f'<g fill="currentColor" fill-opacity="0.6">{"".join(bars)}</g>'
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{_HEIGHT}" stroke="currentColor" '
        f'stroke-dasharray="3 3"/><g fill="currentColor" font-size="12">'
        f'<text x="0" y="{_HEIGHT + 15}">{low:.3g}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT + 15}" text-anchor="end">{high:.3g}</text></g></svg></figure>'
    )


def _most(report: VersionComparison) -> str:
    rows = [
        [each.row, "\n".join(f"{name}: {old} → {new}" for name, old, new in each.changes), each.input]
        for each in report.most
    ]
    return table_html(f"the {len(rows)} rows that changed most", ["row", "change", "input"], rows)
