"""What was measured, as a table, as JSON, and as a picture."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot

_COLOURS = {
    "baton": "#0b7285",
    "AgentSession": "#adb5bd",
    "floor": "#e9ecef",
    "AgentsSDK": "#e8590c",
    "SDK, each word": "#ffc078",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one worker. `samples` in `unit`; `budget` is for the 95th percentile, or for a single sample."""

    what: str
    worker: str
    unit: str
    samples: Sequence[float]
    budget: float | None = None

    @property
    def p50(self) -> float:
        return float(np.percentile(self.samples, 50))

    @property
    def p95(self) -> float:
        return float(np.percentile(self.samples, 95))

    @property
    def verdict(self) -> str:
        if self.budget is None or self.worker != "baton":
            return ""
        return f"{'within' if self.p95 <= self.budget else 'OVER'} {self.budget:g}"


@dataclass(slots=True)
class Report:
    name: str
    rows: list[Row] = field(default_factory=list)

    def table(self) -> str:
        """Plain text; the same thing of each worker side by side in consecutive lines."""
        head = f"{'what':<48} {'worker':<14} {'n':>4} {'p50':>9} {'p95':>9}  unit    budget"
        order = list(dict.fromkeys(row.what for row in self.rows))
        lines = [
            f"{row.what:<48} {row.worker:<14} {len(row.samples):>4} {row.p50:>9.4g} {row.p95:>9.4g}  "
            f"{row.unit:<7} {row.verdict}"
            for row in sorted(self.rows, key=lambda row: order.index(row.what))
        ]
        return "\n".join([head, *lines])

    def save(self, folder: Path) -> Path:
        """`NAME.json` and `NAME.png` in `folder`. Returns the picture's path."""
        folder.mkdir(parents=True, exist_ok=True)
        facts = {
            "bench": self.name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "rows": [{**asdict(row), "p50": row.p50, "p95": row.p95} for row in self.rows],
        }
        (folder / f"{self.name}.json").write_text(json.dumps(facts, indent=1))
        picture = folder / f"{self.name}.png"
        self._draw(picture)
        return picture

    def _draw(self, path: Path) -> None:
        order = list(dict.fromkeys(row.what for row in self.rows))
        columns = 3
        height = -(-len(order) // columns)
        figure, axes = pyplot.subplots(height, columns, figsize=(12, 2.6 * height), squeeze=False, layout="constrained")
        for axis in axes.flat[len(order) :]:
            axis.axis("off")
        for what, axis in zip(order, axes.flat, strict=False):
            rows = [row for row in self.rows if row.what == what]
            names = [row.worker for row in rows]
            axis.bar(names, [row.p50 for row in rows], color=[_COLOURS.get(name, "#868e96") for name in names])
            axis.errorbar(
                names,
                [row.p50 for row in rows],
                yerr=[[0] * len(rows), [row.p95 - row.p50 for row in rows]],
                fmt="none",
                ecolor="#343a40",
                capsize=4,
            )
            if budget := next((row.budget for row in rows if row.budget is not None), None):
                axis.axhline(budget, color="#c92a2a", linewidth=1, linestyle="--")
            axis.set_title(what, fontsize=9)
            axis.set_ylabel(rows[0].unit, fontsize=8)
            axis.tick_params(labelsize=8)
        figure.suptitle(f"baton bench {self.name}: bars are medians, whiskers the 95th percentile, dashes our budget")
        figure.savefig(path, dpi=110)
        pyplot.close(figure)
