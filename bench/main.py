"""`baton bench`: our worker beside the reference, in the same room, in the same run."""

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench import measure
from bench.crash import crash
from bench.gate import gate
from bench.house import WORKERS, House, Provider, house
from bench.line import line
from bench.report import Report, Row
from bench.turns import turns

__all__ = ["call", "crash", "gate", "handoff", "line", "turns"]


async def call(*, calls: Sequence[int], rounds: int, seconds: float, repeats: int) -> Report:
    """Greeting, reply latency, handoff gap, silence after barge-in; CPU and memory at so many `calls`.

    Machines do other things, too: what a call costs is measured `repeats` times, each time of all workers in turn.
    """
    report = Report("call")
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as temporary:
        async with house(Path(temporary)) as home:
            async with home.provider() as provider:
                for name in WORKERS:
                    async with home.worker(name, provider):
                        report.rows += await _latencies(home, provider, name, rounds)
                report.rows += await _costs(home, provider, calls, seconds, repeats)
            async with home.provider(100) as far:
                for name in WORKERS:
                    async with home.worker(name, far):
                        what = "join to greeting, provider 100 ms away"
                        report.rows.append(Row(what, name, "ms", await _greetings(home, rounds)))
    return report


async def _latencies(home: House, provider: Provider, name: str, rounds: int) -> list[Row]:
    rows = [Row("join to greeting", name, "ms", await _greetings(home, rounds))]
    waited, requests = await measure.replies(home, provider, rounds)
    rows.append(Row("end of speech to reply", name, "ms", _ms(waited)))
    if name == "baton":
        rows.append(Row("speech_stopped to our request", name, "ms", _ms(requests), budget=10))
    gaps = await measure.handoffs(home, provider, rounds)
    rows.append(Row("handoff gap, same session", name, "ms", _ms(gaps), budget=100))
    silences = await measure.barge_ins(home, rounds // 2 + 1)
    rows.append(Row("silence after barge-in", name, "ms", _ms(silences), budget=150))
    return rows


async def _costs(home: House, provider: Provider, calls: Sequence[int], seconds: float, repeats: int) -> list[Row]:
    """Of workers that have had no calls before."""
    names = (*WORKERS, "floor")
    idle, further = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    cores = defaultdict[tuple[str, int], list[float]](list)
    for _ in range(repeats):
        for name in names:
            async with home.worker(name, provider) as worker:
                idle[name].append(worker.memory_mb())
                loads = list[measure.Load]()
                for count in calls:
                    try:
                        loads.append(await measure.load(home, worker, count, seconds))
                    except* TimeoutError:
                        print(f"{name}: with {count} calls at once one heard nothing for 15 s; that is not measured")
                for load in loads:
                    cores[name, load.calls].append(load.cores_a_call)
                if len(loads) > 1:
                    first, last = loads[0], loads[-1]
                    further[name].append((last.memory_mb - first.memory_mb) / (last.calls - first.calls))
    rows = [Row("memory, idle worker", name, "MB", idle[name], budget=150) for name in names]
    for count in calls:
        what = f"CPU a call, {count} at once"
        rows += [Row(what, name, "cores", cores[name, count]) for name in names if cores[name, count]]
        if cores["baton", count] and cores["floor", count]:
            over = median(cores["baton", count]) / median(cores["floor", count])
            rows.append(Row(f"CPU a call over the floor's, {count} at once", "baton", "times", [over], budget=1.1))
    return rows + [
        Row("memory, each further call", name, "MB", further[name], budget=5) for name in names if further[name]
    ]


async def handoff(*, rounds: int) -> Report:
    """The gap of a handoff on one session, with the provider near and 100 ms away."""
    report = Report("handoff")
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as temporary:
        async with house(Path(temporary)) as home:
            for rtt_ms, budget in ((0, 100), (100, 220)):
                async with home.provider(rtt_ms) as provider:
                    for name in WORKERS:
                        async with home.worker(name, provider):
                            gaps = await measure.handoffs(home, provider, rounds)
                            what = f"handoff gap, same session, RTT {rtt_ms} ms"
                            report.rows.append(Row(what, name, "ms", _ms(gaps), budget=budget))
    return report


async def _greetings(home: House, rounds: int) -> list[float]:
    """The first of them is that of a worker which has had no call."""
    return [await measure.greeting(home) * 1000 for _ in range(rounds // 4 + 1)]


def _ms(seconds: Sequence[float]) -> list[float]:
    return [one * 1000 for one in seconds]
