"""A telephone for tests, and the SIP bridge between it and the room: no SIP is spoken, all else is as the bridge does it.

It joins as LiveKit's bridge does (kind, attributes, a track), rings until a voice is in the room, sounds and hears as
G.711 does, presses keys, and is hung up when it is taken out of the room.
"""

import asyncio
import secrets
from collections.abc import Mapping

import numpy as np
import soxr
from livekit import api, rtc

from tests.speech import RATE, Pcm
from worker.caller import Caller
from worker.local_model.g711 import MU_LAW

NUMBER, OURS = "+442079460018", "+441174960123"
KEYS = {**{str(digit): digit for digit in range(10)}, "*": 10, "#": 11}
_NARROW = 8000
# what a handset does, about as the modified IRS of ITU-T P.830, sending: little below 200 Hz, nothing above 3600
_HZ = (0, 80, 100, 160, 200, 300, 400, 500, 1000, 2000, 3000, 3200, 3400, 3600, 4000)
_DB = (-60, -30, -22, -12, -8, -4, -2.5, -1.5, 0, 1, 1.5, 0.5, -3, -12, -50)


def line(pcm: Pcm) -> Pcm:
    """Mono at 24 kHz as it is after a telephone and its line: 8000 samples a second, 8 bits each by mu-law."""
    narrow = soxr.resample(pcm.astype(np.float32), RATE, _NARROW)
    spectrum = np.fft.rfft(narrow)
    spectrum *= 10 ** (np.interp(np.fft.rfftfreq(len(narrow), 1 / _NARROW), _HZ, _DB) / 20)
    heard = np.fft.irfft(spectrum, len(narrow)).clip(-32768, 32767).astype(np.int16)
    return np.asarray(soxr.resample(MU_LAW.decode(MU_LAW.encode(heard)), _NARROW, RATE), np.int16)


class Phone(Caller):
    """A call comes in: `async with` rings. `opens_after_s`: so long after our voice is there, the line is open.

    `metadata` is what its dispatch rule has for the job and for the room; `offers`: how often LiveKit offers the job.
    """

    def __init__(
        self,
        url: str,
        key: str,
        secret: str,
        *,
        metadata: str = "",
        number: str = NUMBER,
        attributes: Mapping[str, str] | None = None,
        opens_after_s: float = 0.0,
        offers: int = 1,
    ) -> None:
        self.identity, self.room_name = f"sip_{number}", f"phone_{secrets.token_hex(4)}"
        told = {
            "sip.callID": f"SCL_{secrets.token_hex(6)}",
            "sip.callStatus": "ringing",
            "sip.phoneNumber": number,
            "sip.ruleID": "SDR_test",
            "sip.trunkID": "ST_test",
            "sip.trunkPhoneNumber": OURS,
            **(attributes or {}),
        }
        grants = api.VideoGrants(
            room_join=True, room=self.room_name, can_publish=True, can_subscribe=True, can_update_own_metadata=True
        )
        dispatch = api.RoomAgentDispatch(agent_name="baton", metadata=metadata)
        token = (
            api.AccessToken(key, secret)
            .with_identity(self.identity)
            .with_name(f"Phone {number}")
            .with_kind("sip")
            .with_attributes(told)
            .with_grants(grants)
            .with_room_config(api.RoomConfiguration(agents=[dispatch] * offers, metadata=metadata))
        )
        super().__init__(url, token.to_jwt())
        self._opens_after_s = opens_after_s
        self.opened_at: float | None = None  # loop time
        self.hung_up: rtc.DisconnectReason.ValueType | None = None  # by the other side; by what the room calls it
        self.room.on("track_subscribed", self._on_voice)
        self.room.on("disconnected", self._on_hung_up)

    async def say(self, pcm: Pcm, sample_rate: int = RATE) -> float:
        return await super().say(line(pcm), sample_rate)

    def heard(self, since: float = 0.0, until: float = float("inf")) -> Pcm:
        pcm = super().heard(since, until)
        return line(pcm) if len(pcm) else pcm

    async def dial(self, keys: str) -> float:
        """Presses keys as a person does; returns the loop time of the last."""
        for key in keys:
            await self.room.local_participant.publish_dtmf(code=KEYS[key], digit=key)
            await asyncio.sleep(0.15)
        return self._now()

    def _on_voice(self, track: rtc.Track, _: object, who: rtc.RemoteParticipant) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO and self.opened_at is None:
            self._start(self._open())

    async def _open(self) -> None:
        await asyncio.sleep(self._opens_after_s)
        self.opened_at = self._now()
        await self.room.local_participant.set_attributes({"sip.callStatus": "active"})

    def _on_hung_up(self, reason: rtc.DisconnectReason.ValueType) -> None:
        self.hung_up = reason
        self._wake()
