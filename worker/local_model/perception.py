"""What must be made out of items before a reply can rest on them: the words in speech, the text in pictures."""

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from worker.local_model.audio_format import SAMPLE_RATE, Decoder
from worker.local_model.configuration import Configuration
from worker.local_model.errors import ProtocolError
from worker.local_model.input_audio import Recognition
from worker.local_model.items import Items, JsonItem
from worker.local_model.senses import Senses
from worker.local_model.words import Words

logger = logging.getLogger(__name__)

_BYTES_PER_MS = SAMPLE_RATE * 2 // 1000
_LOGPROBS = "item.input_audio_transcription.logprobs"


class Perception:
    """Works on one item beside another. `send(type, **fields)` tells the client of transcripts, where it wants them."""

    def __init__(self, senses: Senses, configuration: Configuration, send: Callable[..., None]) -> None:
        self._senses, self._configuration, self._send = senses, configuration, send
        self._pending = dict[asyncio.Task[None], str]()  # to the item's id

    def listen(
        self, items: Items, item: str, pcm: bytes, recognition: Recognition, part: int = 0, *, told: bool = True
    ) -> None:
        """Speech that is being recognised already, PCM16 mono at 24 kHz."""
        length_ms = len(pcm) / _BYTES_PER_MS
        items.lasts(item, part, length_ms)
        self._later(item, self._transcribe(items, item, part, recognition, length_ms, told=told))

    def add(self, items: Items, item: JsonItem, after: str | None = None, *, told: bool = True) -> str | None:
        """Puts an item of the client's among the others, as `Items.add` does, and looks at what it holds.

        `told`: the client knows the item by its id, and may hear of its transcript.
        """
        content = [part for part in item.get("content") or [] if isinstance(part, dict)]
        spoken = {place: _decoded(part, self._configuration.input_format) for place, part in enumerate(content)}
        pictures = [
            part["image_url"] for part in content if part.get("type") == "input_image" and part.get("image_url")
        ]
        previous = items.add(item, after)
        for place, pcm in spoken.items():
            if pcm:
                del content[place]["audio"]  # what it says is kept, not the sound
                recognising = asyncio.ensure_future(
                    self._senses.ears.recognise(pcm, SAMPLE_RATE, owner=self._configuration)
                )
                self.listen(items, item["id"], pcm, recognising, place, told=told)
        if pictures:
            self._later(item["id"], self._look(items, item["id"], pictures))
        return previous

    async def settled(self) -> None:
        """Waits until nothing is being looked at."""
        while self._pending:
            await asyncio.wait(self._pending)

    def forget(self, item: str) -> None:
        """It is deleted."""
        for task in [task for task, of in self._pending.items() if of == item]:
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._pending)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _transcribe(
        self, items: Items, item: str, part: int, recognition: Recognition, length_ms: float, *, told: bool
    ) -> None:
        try:
            text = await recognition
        except Exception:
            logger.exception("recognition failed")
            text = None
        items.understood(item, part, text or "")
        if told and self._configuration.session["audio"]["input"].get("transcription"):
            at = {"item_id": item, "content_index": part}
            kind = "conversation.item.input_audio_transcription"
            if text is None:
                error = {"type": "transcription_error", "code": "audio_unintelligible", "message": "Not recognised."}
                self._send(f"{kind}.failed", **at, error=error)
                return
            if text:
                self._send(f"{kind}.delta", **at, delta=text)
            usage = {"type": "duration", "seconds": length_ms / 1000}
            more = {"logprobs": _logprobs(text)} if _LOGPROBS in (self._configuration.session["include"] or ()) else {}
            self._send(f"{kind}.completed", **at, transcript=text, usage=usage, **more)

    async def _look(self, items: Items, item: str, pictures: list[str]) -> None:
        items.show(item, "; ".join([await self._senses.eyes.describe(picture) for picture in pictures]))

    def _later(self, item: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._pending[task] = item
        task.add_done_callback(self._pending.pop)


def _logprobs(words: Words) -> list[dict[str, Any]]:
    """As one token: the recogniser tells the mean of all."""
    return [{"token": words, "logprob": words.sure, "bytes": list(words.encode())}] if words else []


def _decoded(part: dict[str, Any], form: str) -> bytes:
    """The sound of a part, PCM16 mono at 24 kHz; empty where there is none. Raises ProtocolError."""
    if part.get("type") != "input_audio" or not part.get("audio"):
        return b""
    decoder = Decoder(form)
    return decoder.decode(decode_base64(part["audio"], "item.content.audio")) + decoder.flush()


def decode_base64(text: Any, param: str) -> bytes:
    """Raises ProtocolError."""
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, binascii.Error) as error:
        raise ProtocolError("Invalid 'audio'. Expected base64-encoded audio bytes.", param=param) from error
