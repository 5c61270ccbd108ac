"""What a benchmark measured: samples, their middle and range, and whether a target is met."""

import statistics
from dataclasses import asdict, dataclass, field


@dataclass
class Figure:
    name: str
    unit: str
    samples: list
    target: float = None  # nothing: printed without a target
    relation: str = "at most"  # or "below", "at least"
    note: str = ""
    table: list = field(default_factory=list)  # lines that explain it

    @property
    def median(self):
        return statistics.median(self.samples)

    @property
    def met(self):
        if self.target is None:
            return None
        if self.relation == "at least":
            return self.median >= self.target
        return self.median < self.target if self.relation == "below" else self.median <= self.target

    def text(self):
        line = (f"{self.name:<38} {number(self.median):>9} {self.unit:<10}"
                f" ({number(min(self.samples))} – {number(max(self.samples))},"
                f" n={len(self.samples)})")
        if self.target is not None:
            line += (f"   target {self.relation} {number(self.target)} {self.unit}:"
                     f" {'met' if self.met else 'NOT MET'}")
        if self.note:
            line += f"\n    {self.note}"
        return "\n".join([line] + [f"    {row}" for row in self.table])

    def record(self):
        return {**asdict(self), "median": self.median, "min": min(self.samples),
                "max": max(self.samples), "met": self.met}


def number(value):
    """Three or four digits that count."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}"


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
