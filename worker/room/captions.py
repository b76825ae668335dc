"""What is said, as text, while it is heard: LiveKit's transcription streams, the caller's words and the agent's."""

import json
from collections.abc import Sequence

from livekit import rtc
from livekit.agents.utils import shortuuid

TOPIC = "lk.transcription"
_FINAL, _SEGMENT, _TRACK = "lk.transcription_final", "lk.segment_id", "lk.transcribed_track_id"
TOGETHER_WITH = "baton.together_with"  # others who spoke in the same turn: their identities, as a JSON list


class Captions:
    """One segment a message or turn. Texts given grow: each is the whole so far, and only what is new goes out."""

    def __init__(self, room: rtc.Room, track: str) -> None:
        self._room, self._track = room, track
        self._segment = ""
        self._sent = 0
        self._writer: rtc.TextStreamWriter | None = None

    async def agent(self, item: str, text: str, *, final: bool) -> None:
        """The agent's words that have been heard so far."""
        if item != self._segment:
            await self._close()
            self._segment, self._sent = item, 0
        if len(text) > self._sent:
            if self._writer is None:
                self._writer = await self._stream(item, self._track, sender=None)
            await self._writer.write(text[self._sent :])
            self._sent = len(text)
        if final:
            await self._close()

    async def caller(self, identity: str, track: str, text: str, together_with: Sequence[str] = ()) -> None:
        """A turn of a caller's, as recognised."""
        others = {TOGETHER_WITH: json.dumps(together_with)} if together_with else {}
        writer = await self._stream(shortuuid("turn_"), track, sender=identity, **others)
        await writer.write(text)
        await writer.aclose(attributes={_FINAL: "true"})

    async def _stream(self, segment: str, track: str, sender: str | None, **more: str) -> rtc.TextStreamWriter:
        attributes = {_FINAL: "false", _SEGMENT: segment, _TRACK: track, **more}
        return await self._room.local_participant.stream_text(
            topic=TOPIC, sender_identity=sender, attributes=attributes
        )

    async def _close(self) -> None:
        writer, self._writer, self._segment = self._writer, None, ""
        if writer:
            await writer.aclose(attributes={_FINAL: "true"})
