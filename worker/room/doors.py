"""What comes in from the room: the caller's microphone, what they type and dial, and that they leave."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal

from livekit import rtc

from worker.background import background
from worker.room.digits import Digits
from worker.room.events import Left, Replying, RoomEvent, Typed, Warned
from worker.room.microphone import Microphone

CHAT_TOPIC = "lk.chat"
CHAT_LIMIT = 20_000  # characters
REPLIES = "baton.replies"  # an attribute: `text` for who wants to read, not hear
_HOW: Mapping[str, Literal["speech", "text"]] = {"speech": "speech", "text": "text"}
STANDARD = rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
SIP = rtc.ParticipantKind.PARTICIPANT_KIND_SIP


class Doors:
    """What comes in from the room: the caller's microphone, what they type and dial, and that they leave."""

    def __init__(
        self,
        room: rtc.Room,
        caller: str,
        sample_rate: int,
        *,
        tell: Callable[[RoomEvent], None],
        hear: Callable[[bytes], None],
        listen_to: Callable[[str], None],
        digits: Digits,
    ) -> None:
        self._room, self._caller, self._sample_rate = room, caller, sample_rate
        self._tell, self._hear, self._listen_to = tell, hear, listen_to
        self._digits = digits
        self._tracks = asyncio.Queue[rtc.Track]()
        self._readers = asyncio.Queue[tuple[rtc.TextStreamReader, str]]()
        self._known = set[str]()  # a track may be announced twice; heard twice, it would sound twice as fast

    async def run(self) -> None:
        room = self._room
        room.on("track_subscribed", self._on_track)
        room.on("participant_disconnected", self._on_left)
        room.on("participant_connected", self._on_second)
        room.on("disconnected", self._on_disconnected)
        room.on("sip_dtmf_received", self._on_key)
        room.on("participant_attributes_changed", self._on_attributes)
        room.register_text_stream_handler(CHAT_TOPIC, lambda reader, who: self._readers.put_nowait((reader, who)))
        for participant in room.remote_participants.values():
            self._on_second(participant)
            for publication in participant.track_publications.values():
                if publication.track:
                    self._on_track(publication.track, publication, participant)
        if self._caller not in room.remote_participants:
            self._tell(Left("the caller left"))
        try:
            async with background(self._read()) as start:
                while True:
                    track = await self._tracks.get()
                    self._listen_to(track.sid)
                    start(Microphone(track, self._sample_rate, self._hear).run())
        finally:
            room.unregister_text_stream_handler(CHAT_TOPIC)

    async def _read(self) -> None:
        while True:
            reader, who = await self._readers.get()
            text = (await reader.read_all()).strip()
            if who != self._caller:
                continue
            if len(text) > CHAT_LIMIT:
                detail = f"A message of {len(text)} characters is too long; {CHAT_LIMIT} are possible."
                self._tell(Warned("chat.too_long", detail))
            elif text:
                self._tell(Typed(who, text))

    def _on_track(self, track: rtc.Track, _: object, participant: rtc.RemoteParticipant) -> None:
        ours = participant.identity == self._caller and track.kind == rtc.TrackKind.KIND_AUDIO
        if ours and track.sid not in self._known:
            self._known.add(track.sid)
            self._tracks.put_nowait(track)

    def _on_attributes(self, changed: dict[str, str], participant: rtc.Participant) -> None:
        how = _HOW.get(changed.get(REPLIES, ""))
        if participant.identity == self._caller and participant.kind != SIP and how:
            self._tell(Replying(participant.identity, how))

    def _on_key(self, key: rtc.SipDTMF) -> None:
        if key.participant and key.participant.identity == self._caller:
            self._digits.press(key.digit)

    def _on_second(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity != self._caller and participant.kind in (STANDARD, SIP):
            self._tell(Warned("room.second_participant", "Somebody else is in the room; the agent hears the first."))

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._caller:
            self._digits.end()
            self._tell(Left("the caller left"))

    def _on_disconnected(self, *_: object) -> None:
        self._tell(Left("the room is gone"))
