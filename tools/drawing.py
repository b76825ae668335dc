"""The process that draws one chart: what is on it as JSON on standard input, a PNG on standard output.

python -m tools.drawing
"""

import io
import json
import sys

from matplotlib.figure import Figure

_INK, _BAR = "#1d2733", "#0f7c8a"
_DPI = 150


def bars(title: str, values: dict[str, float], unit: str) -> bytes:
    """The longest on top when they come so; 8 inches wide, as high as there are bars."""
    figure = Figure(figsize=(8, 1.6 + 0.55 * len(values)), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    names = list(values)
    drawn = axes.barh(names, [values[name] for name in names], color=_BAR, height=0.62)
    axes.bar_label(drawn, [f"{value:,.2f} {unit}" for value in values.values()], padding=6, color=_INK, fontsize=12)
    axes.invert_yaxis()
    axes.margins(x=0.22)
    axes.set_title(title, color=_INK, fontsize=18, fontweight="bold", loc="left", pad=14)
    axes.tick_params(axis="y", length=0, labelsize=13, labelcolor=_INK)
    axes.xaxis.set_visible(False)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    sys.stdout.buffer.write(bars(asked["title"], asked["values"], asked["unit"]))
