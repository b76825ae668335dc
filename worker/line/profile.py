"""What a provider can do, and how our words are called there: data, so that no `if` follows a call about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from worker.shown.result import Size


@dataclass(frozen=True, slots=True)
class Profile:
    provider: str
    protocol: str  # of the link that speaks to it
    model: str
    voices: Mapping[str, str]  # our role -> the provider's voice
    silence_ms: int  # what ends the caller's turn
    own_turns: bool  # it lets us say when it replies; else it answers each turn of the caller unasked
    truncates: bool  # forgets what it said after a moment
    removes_items: bool  # forgets any item, and takes one in any place
    changes_instructions: bool  # in an open session
    changes_tools: bool  # the same
    changes_voice: bool  # the same, after it has spoken
    tool_choice: bool  # a single reply may be asked for without tools
    text_replies: bool
    images: bool
    video_fps: float  # of a camera or screen: more frames are not given, but for a few in a row
    watches: bool  # is given them while nobody speaks, too; else each is read on this machine, which takes it a second
    session_s: int | None  # the provider ends a session by then
    onset_s: float = 1.0  # so long after its beginning, padding included, it has told of speech at the latest
    late_words_s: float = 0.0  # so long after a message ends, the last of its words may come
    picture: Size = field(default=Size(px=2048, bytes=1_000_000))  # a larger one is made smaller there
    sample_rate: int = 24000  # Hz, both ways, PCM16 mono
    logprobs: bool = False  # the transcriber tells how sure it is
    transcriber: str = ""  # who writes down what the caller says, where that is another model
    every_voice: tuple[str, ...] = ()  # by the provider's names
    model_names: str = ""  # how they all begin

    def voice(self, role: str) -> str:
        return self.voices[role]


LOCAL = Profile(
    provider="local",
    protocol="openai",
    model="baton-local",
    voices=MappingProxyType({"warm": "heart", "calm": "low", "bright": "bright", "deep": "deep"}),
    silence_ms=500,
    own_turns=True,
    truncates=True,
    removes_items=True,
    changes_instructions=True,
    changes_tools=True,
    changes_voice=True,
    tool_choice=True,
    text_replies=True,
    images=True,
    video_fps=0.5,
    watches=False,
    picture=Size(px=1600, bytes=1_000_000),
    session_s=None,
    logprobs=True,
    transcriber="whisper-1",
    every_voice=("heart", "low", "deep", "male", "bright"),
    model_names="baton-",
)
OPENAI = Profile(
    provider="openai",
    protocol="openai",
    model="gpt-realtime-1.5",  # `gpt-realtime` ends on 20 January 2027: https://developers.openai.com/api/docs/deprecations
    voices=MappingProxyType({"warm": "marin", "calm": "cedar", "bright": "coral", "deep": "ash"}),
    silence_ms=500,
    own_turns=True,
    truncates=True,
    removes_items=True,
    changes_instructions=True,
    changes_tools=True,
    changes_voice=False,  # "Cannot update a conversation's voice if assistant audio is present"
    tool_choice=True,
    text_replies=True,
    images=True,
    video_fps=0.5,  # it looks at them when it replies, and at the newest few only
    watches=True,
    session_s=60 * 60,
    logprobs=True,
    transcriber="gpt-4o-mini-transcribe",
    every_voice=("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"),
    model_names="gpt-",
)
AZURE = replace(
    OPENAI,
    provider="azure",
    model="gpt-realtime",
    logprobs=False,  # whisper-1 has none
    session_s=30 * 60,  # half of OpenAI's: https://learn.microsoft.com/answers/a/12544418
    transcriber="whisper-1",
)
AZURE_LEGACY = replace(  # https://learn.microsoft.com/azure/ai-foundry/openai/how-to/realtime-audio-preview-api-migration-guide
    AZURE,
    voices=MappingProxyType({"warm": "coral", "calm": "sage", "bright": "shimmer", "deep": "ash"}),
    images=False,
    watches=False,
    every_voice=OPENAI.every_voice[:-2],
)
GEMINI = Profile(
    provider="gemini",
    protocol="gemini",
    model="gemini-3.8-live",
    voices=MappingProxyType({"warm": "Sulafat", "calm": "Umbriel", "bright": "Zephyr", "deep": "Charon"}),
    silence_ms=500,
    own_turns=False,
    truncates=False,
    removes_items=False,
    changes_instructions=False,  # the Gemini API takes an update for one more turn of the model
    changes_tools=False,
    changes_voice=False,
    tool_choice=True,  # not the provider's: the plugin refuses the calls that come all the same, and the reply goes on
    text_replies=False,
    images=True,
    video_fps=1.0,  # https://ai.google.dev/gemini-api/docs/live-guide: "1 FPS" at most
    watches=True,
    picture=Size(px=1536, bytes=500_000),
    onset_s=30.0,  # it tells of speech by its words, which may come when all of it was said
    late_words_s=0.5,  # words and sound are told apart, in no order
    session_s=10 * 60,  # "around 10 minutes", after a notice
    every_voice=(
        "Achernar",
        "Achird",
        "Algenib",
        "Algieba",
        "Alnilam",
        "Aoede",
        "Autonoe",
        "Callirrhoe",
        "Charon",
        "Despina",
        "Enceladus",
        "Erinome",
        "Fenrir",
        "Gacrux",
        "Iapetus",
        "Kore",
        "Laomedeia",
        "Leda",
        "Orus",
        "Pulcherrima",
        "Puck",
        "Rasalgethi",
        "Sadachbia",
        "Sadaltager",
        "Schedar",
        "Sulafat",
        "Umbriel",
        "Vindemiatrix",
        "Zephyr",
        "Zubenelgenubi",
    ),
    model_names="gemini-",
)
PROFILES = MappingProxyType({profile.provider: profile for profile in (LOCAL, OPENAI, AZURE, GEMINI)})


def fitting(profiles: Iterable[Profile]) -> Size:
    """A size of pictures that all of these take: whoever stands in is given the same ones."""
    sizes = [profile.picture for profile in profiles]
    return Size(min(size.px for size in sizes), min(size.bytes for size in sizes))
