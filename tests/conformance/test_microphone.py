"""A microphone that does not work, on virtual time: the caller is told so, once, and the call goes on."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.conformance.stage import RATE, staged
from tests.virtual_time import virtual_time

_HEARD_S = 40
SILENCE = bytes(2 * RATE * _HEARD_S)
NOISE = np.random.default_rng(0).normal(0, 20_000, RATE * _HEARD_S).clip(-32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("sound", "code"), [(SILENCE, "microphone.silent"), (NOISE, "microphone.clipping")], ids=["silence", "noise"]
)
def test_given_a_microphone_that_sends_nothing_or_noise_then_that_is_told_and_the_call_goes_on(
    tmp_path: Path, sound: bytes, code: str
) -> None:
    @virtual_time
    async def hold() -> None:
        async with staged(tmp_path, "openai") as stage:
            stage.waiting += sound
            await asyncio.sleep(_HEARD_S)
            assert [event["code"] for event in stage.of("call.warned")] == [code]
            said = len(stage.said)
            stage.write("Thank you.")
            await stage.answered(said + 1)

    hold()
