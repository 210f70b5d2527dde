"""How an answer was computed, in words: for `--explain`, and for whoever wonders."""

from __future__ import annotations

from workbench.analytics.product.asking import Answer
from workbench.compute import partial_plan

__all__ = ["explained"]


def explained(answer: Answer) -> str:
    """Engine and why, parts, files and bytes of the whole, and the optimized plan of one part."""
    parts, use = answer.parts, answer.use
    files = f"{parts.files} of {parts.total_files} files"
    read = sum({path: part.bytes / max(1, len(part.files)) for part in parts.parts for path in part.files}.values())
    rows = f"{parts.rows:,} rows in {len(parts)} part{'s' if len(parts) > 1 else ''}"
    kind = "cut by subject" if parts.by_subject else "not cut by subject"
    plan = partial_plan(answer.analysis, parts.parts[0]).explain()
    return "\n".join(
        [
            f"{answer.analysis.name} of {answer.dataset} version {answer.version}",
            f"engine   {use.engine}, Polars {use.polars}" + (", fell back to the CPU" if use.fell_back else ""),
            f"rows     {rows}, {kind}",
            f"files    {files}, {read / 1e6:.1f} of {parts.total_bytes / 1e6:.1f} MB",
            f"seconds  {use.load_seconds:.3f} to open, {use.compute_seconds:.3f} to compute",
            "plan of the first part:",
            *(f"  {line}" for line in plan.splitlines()),
        ]
    )
