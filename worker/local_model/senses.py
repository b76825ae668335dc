"""What all sessions of a process share: loaded once, used by each."""

from dataclasses import dataclass

from worker.local_model.conversation import Brain
from worker.local_model.ears import Ears
from worker.local_model.eyes import Eyes
from worker.local_model.voice import Voice


@dataclass(frozen=True, slots=True)
class Senses:
    ears: Ears
    voice: Voice
    eyes: Eyes
    brain: Brain
