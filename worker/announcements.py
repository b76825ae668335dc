"""Sentences that need no provider: in the embedded voice, each made once, by a process of its own, and kept as a file."""

import asyncio
import base64
import hashlib
import json
import logging
import sys
import wave
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from agents.spec import TeamSpec
from worker.line.profile import LOCAL

logger = logging.getLogger(__name__)

SAMPLE_RATE = 24000  # Hz, PCM16 mono: the embedded voice's, and all profiles'
_MAKE_S = 15.0  # and a second for each sentence: loading the voice takes one or two, a sentence a tenth of one

Sentence = tuple[str, str]  # the words, and an agent's role of voice


def of_team(team: TeamSpec) -> Sequence[Sentence]:
    """What the callers of a team may hear, whichever agent has them."""
    told = team.announcements
    roles = dict.fromkeys(agent.voice for agent in team.speakers.values())
    texts = (
        told.moment,
        told.still,
        told.lost,
        told.waiting,
        told.unanswered,
        told.blocked,
        told.unreachable,
        told.goodbye,
    )
    return [(text, role) for role in roles for text in texts]


class Announcements:
    """A worker holds neither the voice, which takes 200 MB, nor what it said. A file is named after all it depends on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def prepare(self, sentences: Sequence[Sentence]) -> None:
        """Makes those that are not there, so that no call has to wait for them."""
        missing = [sentence for sentence in sentences if not self.file(sentence).exists()]
        if missing:
            for sentence, pcm in zip(missing, await _made(missing), strict=False):
                self._keep(sentence, pcm)

    async def speak(self, text: str, role: str, *, keep: bool = True) -> bytes:
        """PCM16 mono; empty when it cannot be made. `keep` it, unless it is for one caller only."""
        sentence = (text, role)
        if pcm := await asyncio.to_thread(self._kept, sentence):
            return pcm
        for pcm in await _made([sentence]):
            if keep:
                self._keep(sentence, pcm)
            return pcm
        return b""

    def file(self, sentence: Sentence) -> Path:
        text, role = sentence
        named = json.dumps([text, LOCAL.voice(role), _version()])
        return self._folder / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.wav"

    def _kept(self, sentence: Sentence) -> bytes:
        try:
            with wave.open(str(self.file(sentence)), "rb") as file:
                return file.readframes(file.getnframes())
        except (OSError, EOFError, wave.Error):
            return b""

    def _keep(self, sentence: Sentence, pcm: bytes) -> None:
        """Whole or not at all: another worker may make the same."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._folder / f"{uuid4().hex}.part"
            with wave.open(str(part), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(SAMPLE_RATE)
                file.writeframes(pcm)
            part.replace(self.file(sentence))
        except OSError as error:
            logger.warning("an announcement cannot be kept in %s: %s", self._folder, error.strerror)


def _version() -> str:
    """Of the voice: its network, and how speakers are made from it. Without loading it."""
    source = (Path(__file__).parent / "local_model" / "voice.py").read_bytes()
    return f"{version('hibari-tts')} {hashlib.sha256(source).hexdigest()}"


async def _made(sentences: Sequence[Sentence]) -> list[bytes]:
    """The sound of each; none if they cannot be made, and why is in the log."""
    asked = "".join(json.dumps({"text": text, "voice": LOCAL.voice(role)}) + "\n" for text, role in sentences)
    command = (sys.executable, "-m", "worker.local_model.recite")
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    except OSError as error:
        logger.warning("announcements cannot be made: %s", error.strerror)
        return []
    try:
        async with asyncio.timeout(_MAKE_S + len(sentences)):
            told, wrong = await process.communicate(asked.encode())
    except TimeoutError:
        logger.warning("%d announcements were not made in time", len(sentences))
        return []
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        logger.warning("announcements were not made: %s", wrong.decode(errors="replace").strip().rpartition("\n")[2])
        return []
    return [base64.b64decode(line) for line in told.splitlines()]
