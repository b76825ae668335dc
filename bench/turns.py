"""What callers do while an agent speaks, clip by clip, in a real room: our worker beside the reference, same provider."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.caller import Caller
from bench.house import WORKERS, House, Provider, house
from bench.listening_provider import REPLY_MS
from bench.report import Report, Row
from bench.tones import ALFA, BRAVO, FRAME_MS
from bench.turn_rates import Outcome, share
from tests.turns.clips import OPENER, Clip, clips, in_a_room
from tests.turns.clips.drawn import held_out

_SPOKEN_OVER_AT_S = 2.2
_RESTED_S = 2.0
_WINDOW_S = 2.5
_LIKE_WHOLE_MS = 300  # a reply of which no more is missing went on; jitter and its stretching are in it
_LISTENING = {
    "back_channel": "uh-huh, okay",
    "vocal_tic": "coughs, um",
    "non_directed": "others speak",
    "noise": "things",
}


def played() -> dict[str, Sequence[Clip]]:
    """What turn-taking was made with, and, told apart, what is drawn by a seed and nothing was tuned on."""
    return {"tuned: ": clips(), "held out: ": held_out()}


async def turns(*, every: int) -> Report:
    """Yield rates and selectivity as tau-voice has them, and ours; of each `every`th clip, by sets."""
    report = Report("turns")
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as temporary:
        async with house(Path(temporary)) as home, home.listening_provider() as provider:
            for name in WORKERS:
                async with home.worker(name, provider):
                    for of, chosen in played().items():
                        _add(report, name, of, await _outcomes(home, provider, chosen[::every]))
    return report


async def _outcomes(home: House, provider: Provider, chosen: Sequence[Clip]) -> list[Outcome]:
    async with home.caller() as caller:
        await _rest(caller)
        return [await _try_out(caller, provider, clip) for clip in chosen]


async def _try_out(caller: Caller, provider: Provider, clip: Clip) -> Outcome:
    await provider.order(f"clip {clip.name}")
    caller.heard.clear()
    opened = await caller.speak(in_a_room(OPENER.pcm()))
    began = await caller.voice(ALFA, opened)
    await asyncio.sleep(_SPOKEN_OVER_AT_S)
    speaking = asyncio.ensure_future(caller.speak(in_a_room(clip.pcm())))
    await asyncio.sleep(_WINDOW_S)
    await speaking
    await _rest(caller)
    onset = caller.began
    silent = [sound.hz is None for sound in caller.heard if sound.at >= onset]
    spoken_ms = sum(sound.hz == ALFA for sound in caller.heard if sound.at >= began) * FRAME_MS
    whole = abs(spoken_ms - REPLY_MS) <= _LIKE_WHOLE_MS
    return Outcome(
        clip.name,
        clip.kind,
        silent=silent[: round(_WINDOW_S * 1000) // FRAME_MS],
        answered=not whole and any(sound.hz == BRAVO for sound in caller.heard if sound.at >= onset),
        shift_ms=float(spoken_ms - REPLY_MS) if whole else None,
    )


async def _rest(caller: Caller) -> None:
    """Until the agent has been silent for a while."""
    since = time.monotonic()
    while True:
        now = time.monotonic()
        sounds = [sound.at for sound in caller.heard if sound.hz is not None]
        if now - max([since, *sounds]) >= _RESTED_S:
            return
        await asyncio.sleep(0.05)


def _add(report: Report, name: str, of: str, outcomes: Sequence[Outcome]) -> None:
    real = [one for one in outcomes if one.is_turn]
    rows = report.rows
    if real:
        rows.append(Row(f"{of}yield rate (tau-voice), turns", name, "%", [share([one.yielded for one in real])]))
        rows.append(Row(f"{of}turns answered", name, "%", [share([one.answered for one in real])]))
        if latencies := [one.yield_s for one in real if one.yielded]:
            rows.append(Row(f"{of}yield latency (tau-voice)", name, "s", latencies))
        if onsets := [float(one.onset_ms) for one in real if one.onset_ms is not None]:
            rows.append(Row(f"{of}silence after a turn begins", name, "ms", onsets, budget=150))
    for kind, told in _LISTENING.items():
        if such := [one for one in outcomes if one.kind == kind]:
            rows.append(Row(f"{of}selectivity: {told}", name, "%", [share([one.talked_through for one in such])]))
            rows.append(Row(f"{of}resumed: {told}", name, "%", [share([one.right for one in such])]))
    listened = [one for one in outcomes if not one.is_turn]
    if listened:
        rows.append(Row(f"{of}resumed, of all who want nothing", name, "%", [share([one.right for one in listened])]))
        if shifts := [abs(one.shift_ms) for one in listened if one.shift_ms is not None and not one.answered]:
            rows.append(Row(f"{of}resume shift", name, "ms", shifts))
    for one in outcomes:
        if not one.right:
            print(f"{name}: {of}{one.kind}, not as it should be: {one.name}", flush=True)
