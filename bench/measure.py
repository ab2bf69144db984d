"""How every comparison here measures: ours and the peer in turn, in one run; medians, spread, the machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

# One thread for BLAS on both sides; set before numpy is imported.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def machine() -> str:
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of this process: for work of one thread, which other processes would disturb."""
    began = time.process_time()
    work()
    return time.process_time() - began


def paired(
    what: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    peer_name: str,
    pairs: int = 5,
    unit: tuple[str, float] = ("s", 1.0),
) -> float:
    """Runs ``peer`` and ``ours`` in turn after a warm-up of both; prints both medians, each with its spread, and
    the median of the ratios peer/ours (above 1: ours is faster), which it returns."""
    ours(), peer()
    pairs_seen = [(seconds(peer), seconds(ours)) for _ in range(pairs)]
    ratio = statistics.median(theirs / mine for theirs, mine in pairs_seen)
    name, scale = unit
    for label, times in ((peer_name, [p for p, _ in pairs_seen]), ("foretell", [o for _, o in pairs_seen])):
        low, middle, high = min(times) * scale, statistics.median(times) * scale, max(times) * scale
        print(f"  {label:<34} {middle:10.3f} {name}  ({low:.3f} – {high:.3f})")
    print(f"  {what}: {ratio:.2f} × the peer's speed (median of {pairs} pairs)")
    return ratio


def announce(title: str) -> None:
    print(f"{title}\n  machine: {machine()}")
