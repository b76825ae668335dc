"""Which of the things on offer a caller wants, by nearness of meaning."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.local_model.brain.embedding import Embedder
from worker.local_model.brain.phrases import Offer

CLEAR = 0.5  # so near that it stands against a question that is still open
ENOUGH = 0.36  # nearer than talk about something else comes
NARROW = 0.03  # two offers that near to each other are both meant, as far as can be told


@dataclass(frozen=True, slots=True)
class Choice:
    offer: Offer
    nearness: float
    lead: float  # over the next best


def choose(embedder: Embedder, text: str, offers: Sequence[Offer]) -> list[Choice]:
    """The offers, nearest first. Each is as near as the nearest of its phrases."""
    if not offers or not text.strip():
        return []
    phrases = [phrase for offer in offers for phrase in offer.phrases]
    vectors = embedder.embed([text, *phrases])
    near = vectors[1:] @ vectors[0]
    scores, at = [], 0
    for offer in offers:
        scores.append(float(near[at : at + len(offer.phrases)].max()))
        at += len(offer.phrases)
    ranked = sorted(zip(scores, offers, strict=True), key=lambda pair: -pair[0])
    return [
        Choice(offer, score, score - (ranked[place + 1][0] if place + 1 < len(ranked) else 0.0))
        for place, (score, offer) in enumerate(ranked)
    ]
