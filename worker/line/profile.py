"""What a provider can do, and how our words are called there: data, so that no `if` follows a call about."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Profile:
    provider: str
    model: str
    voices: Mapping[str, str]  # our role -> the provider's voice
    changes_voice: bool  # in an open session, after it has spoken
    silence_ms: int  # what ends the caller's turn
    sample_rate: int = 24000  # Hz, both ways, PCM16 mono

    def voice(self, role: str) -> str:
        return self.voices[role]


LOCAL = Profile(
    provider="local",
    model="baton-local",
    voices=MappingProxyType({"warm": "heart", "calm": "low", "bright": "bright", "deep": "deep"}),
    changes_voice=True,
    silence_ms=500,
)
OPENAI = Profile(
    provider="openai",
    model="gpt-realtime",
    voices=MappingProxyType({"warm": "marin", "calm": "cedar", "bright": "coral", "deep": "ash"}),
    changes_voice=False,  # "Cannot update a conversation's voice if assistant audio is present"
    silence_ms=500,
)
PROFILES = MappingProxyType({profile.provider: profile for profile in (LOCAL, OPENAI)})
