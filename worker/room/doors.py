"""What comes in from the room: callers' microphones, what they dial, and that they come and leave."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

from livekit import rtc

from worker.arrival import known_by
from worker.background import background
from worker.room import own_events
from worker.room.digits import Digits
from worker.room.events import Came, Gone, Left, Replying, RoomEvent, Warned
from worker.room.linked import SIP, STANDARD, LinkedPeople
from worker.room.microphone import Microphone

REPLIES = "baton.replies"  # an attribute: `text` for who wants to read, not hear
_HOW: Mapping[str, Literal["speech", "text"]] = {"speech": "speech", "text": "text"}


class Doors:
    """`people` are those who are heard, as they come and go. `hear` gets whose frames they are, and of which track: PCM16
    mono at `sample_rate` Hz, FRAME_MS of it each; `ended` hears that a track is over."""

    def __init__(
        self,
        room: rtc.Room,
        people: LinkedPeople,
        sample_rate: int,
        *,
        tell: Callable[[RoomEvent], None],
        hear: Callable[[str, str, Sequence[bytes]], None],
        ended: Callable[[str, str], None],
        digits: Callable[[str], Digits],
    ) -> None:
        self._room, self._people, self._sample_rate = room, people, sample_rate
        self._tell, self._hear, self._ended, self._new_digits = tell, hear, ended, digits
        self._digits: dict[str, Digits] = {}  # by person
        self._tracks = asyncio.Queue[tuple[rtc.Track, str]]()
        self._known = set[str]()  # a track may be announced twice; heard twice, it would sound twice as fast

    async def run(self) -> None:
        room = self._room
        own_events.to_room(room)
        room.on("track_subscribed", self._on_track)
        room.on("participant_disconnected", self._on_left)
        room.on("participant_connected", self._on_came)
        room.on("disconnected", self._on_disconnected)
        room.on("sip_dtmf_received", self._on_key)
        room.on("participant_attributes_changed", self._on_attributes)
        for participant in room.remote_participants.values():
            self._on_came(participant)
            for publication in participant.track_publications.values():
                if publication.track:
                    self._on_track(publication.track, publication, participant)
        if not self._people:
            self._tell(Left("the caller left"))
        async with background() as start:
            while True:
                start(self._listen(*await self._tracks.get()))

    async def _listen(self, track: rtc.Track, who: str) -> None:
        await Microphone(track, self._sample_rate, partial(self._hear, who, track.sid)).run()
        self._ended(who, track.sid)

    def _on_track(self, track: rtc.Track, _: object, participant: rtc.RemoteParticipant) -> None:
        ours = participant.identity in self._people and track.kind == rtc.TrackKind.KIND_AUDIO
        if ours and track.sid not in self._known:
            self._known.add(track.sid)
            self._tracks.put_nowait((track, participant.identity))

    def _on_attributes(self, changed: dict[str, str], participant: rtc.Participant) -> None:
        how = _HOW.get(changed.get(REPLIES, ""))
        if participant.identity in self._people and participant.kind != SIP and how:
            self._tell(Replying(participant.identity, how))

    def _on_key(self, key: rtc.SipDTMF) -> None:
        if key.participant and (who := key.participant.identity) in self._people:
            if who not in self._digits:
                self._digits[who] = self._new_digits(who)
            self._digits[who].press(key.digit)

    def _on_came(self, participant: rtc.RemoteParticipant) -> None:
        if self._people.came(participant.identity, participant.kind):
            self._tell(Came(participant.identity, known_by(participant)))
        elif self._people.is_stranger(participant.identity) and participant.kind in (STANDARD, SIP):
            self._tell(Warned("room.second_participant", f"Somebody else is in the room; {self._people.heard}."))

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if not self._people.left(participant.identity):
            return
        if digits := self._digits.pop(participant.identity, None):
            digits.end()
        self._tell(Gone(participant.identity))
        if not self._people:
            self._tell(Left("the caller left"))

    def _on_disconnected(self, *_: object) -> None:
        self._tell(Left("the room is gone"))
