"""What a part of Baton does not load: each starts in a process of its own, and has to be there soon and small."""

import subprocess
import sys

import pytest


@pytest.mark.system
@pytest.mark.parametrize(
    ("part", "without"),
    [
        ("worker.server", {"hibari", "onnxruntime"}),
        ("worker.front_desk", {"livekit.agents", "livekit.rtc", "numpy"}),
        ("worker.livekit_server", {"livekit.agents", "sqlalchemy", "numpy"}),
        ("worker.up", {"livekit.agents", "livekit.rtc", "sqlalchemy"}),
    ],
)
def test_a_part_does_not_load_what_others_need(part: str, without: set[str]) -> None:
    asked = f"import sys, {part}; print(*sorted({without!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", asked], text=True, capture_output=True, check=True)
    assert ran.stdout.split() == []


@pytest.mark.system
def test_a_worker_does_not_load_decoders_before_somebody_decodes() -> None:
    asked = "from worker.on_demand import AV, load_later; load_later(*AV); import worker.server, sys"
    then = "print('av._core' in sys.modules); import av; print(av.AudioFrame.__module__)"
    ran = subprocess.run([sys.executable, "-c", f"{asked}; {then}"], text=True, capture_output=True, check=True)
    assert ran.stdout.split() == ["False", "av.audio.frame"]
