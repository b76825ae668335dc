"""Which of the things on offer a caller wants, by nearness of meaning."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.local_model.brain.embedding import Embedder
from worker.local_model.brain.phrases import Offer, verb
from worker.local_model.brain.slots import clean

CLEAR = 0.5  # so near that it stands against a question that is still open
ENOUGH = 0.36  # nearer than talk about something else comes
_FRAMED = 0.62  # what begins like an example, about something that no example names
_SAME_VERB = 0.2  # begins with the word that an example begins with: `move`, `cancel`, `remember`
_STATED = 0.12  # what is stated rather than asked wants something done, not an answer


@dataclass(frozen=True, slots=True)
class Choice:
    offer: Offer
    nearness: float


def choose(embedder: Embedder, text: str, offers: Sequence[Offer]) -> list[Choice]:
    """The offers, nearest first. Each is as near as the nearest of its phrases."""
    if not offers or not text.strip():
        return []
    phrases = [phrase for offer in offers for phrase in offer.phrases]
    vectors = embedder.embed([_gist(text), *phrases])
    near = vectors[1:] @ vectors[0]
    begun = verb(text)
    scores, at = [], 0
    for offer in offers:
        best = float(near[at : at + len(offer.phrases)].max())
        if any(frame in text.lower() for frame in offer.frames):
            best = max(best, _FRAMED)
        if begun and begun in offer.verbs:
            best += _SAME_VERB
        scores.append(best if offer.tool or _asks(text) else best - _STATED)
        at += len(offer.phrases)
    ranked = sorted(zip(scores, offers, strict=True), key=lambda pair: -pair[0])
    return [Choice(offer, score) for score, offer in ranked]


def _gist(text: str) -> str:
    """Without numbers and hesitations: they say nothing of what is wanted, and pull sentences apart."""
    gist = re.sub(r"\s+", " ", re.sub(r"\b\d[\d,.-]*\b", "", clean(text)))
    return gist if re.search(r"[a-z]{2}", gist) else text


def _asks(text: str) -> bool:
    return "?" in text or bool(re.match(r"(?i)\W*(what|when|where|which|who|how|why|do|does|can|is|are)\b", text))
