"""`baton bench`: our worker beside the reference, in the same room, in the same run."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import measure
from bench.crash import crash
from bench.gate import gate
from bench.house import WORKERS, House, house
from bench.line import line
from bench.report import Report, Row
from bench.turns import turns

__all__ = ["call", "crash", "gate", "handoff", "line", "turns"]


async def call(*, calls: Sequence[int], rounds: int, seconds: float) -> Report:
    """Greeting, reply latency, handoff gap, silence after barge-in; CPU and memory at so many `calls`."""
    report = Report("call")
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as temporary:
        async with house(Path(temporary)) as home, home.provider() as provider:
            for name in (*WORKERS, "floor"):
                async with home.worker(name, provider) as worker:
                    idle_mb = worker.memory_mb()
                    if name != "floor":
                        report.rows.append(Row("join to greeting", name, "ms", await _greetings(home, rounds)))
                        waited, requests = await measure.replies(home, provider, rounds)
                        report.rows.append(Row("end of speech to reply", name, "ms", _ms(waited)))
                        if name == "baton":
                            row = Row("speech_stopped to our request", name, "ms", _ms(requests), budget=10)
                            report.rows.append(row)
                        gaps = await measure.handoffs(home, provider, rounds)
                        report.rows.append(Row("handoff gap, same session", name, "ms", _ms(gaps), budget=100))
                        silences = await measure.barge_ins(home, rounds // 2 + 1)
                        report.rows.append(Row("silence after barge-in", name, "ms", _ms(silences), budget=150))
                    report.rows.append(Row("memory, idle worker", name, "MB", [idle_mb], budget=150))
                    loads = list[measure.Load]()
                    for count in calls:
                        try:
                            loads.append(await measure.load(home, worker, count, seconds))
                        except TimeoutError:
                            if name == "baton":
                                raise
                            print(
                                f"{name}: with {count} calls at once one was not greeted in 15 s, and is not measured"
                            )
                    for load in loads:
                        what = f"CPU a call, {load.calls} at once"
                        report.rows.append(Row(what, name, "cores", [load.cores_a_call]))
                    if len(loads) > 1:
                        further = (loads[-1].memory_mb - loads[0].memory_mb) / (loads[-1].calls - loads[0].calls)
                        report.rows.append(Row("memory, each further call", name, "MB", [further], budget=5))
            async with home.provider(100) as far:
                for name in WORKERS:
                    async with home.worker(name, far):
                        what = "join to greeting, provider 100 ms away"
                        report.rows.append(Row(what, name, "ms", await _greetings(home, rounds)))
    return report


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
