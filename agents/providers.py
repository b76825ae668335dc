"""What a team file says to the providers of realtime models, in their own words."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from agents.strict import Spec, Text

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]  # ISO 639
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]  # BCP 47


class VoicesSpec(Spec):
    """Which of the provider's voices each role is; null: the one it is anyway."""

    warm: Text | None = Field(default=None, description="The provider's name for it.")
    calm: Text | None = Field(default=None, description="The same.")
    bright: Text | None = Field(default=None, description="The same.")
    deep: Text | None = Field(default=None, description="The same.")


class TurnDetectionSpec(Spec):
    """How the provider hears that the caller's turn is over. When it replies is Baton's business."""

    type: Literal["server_vad", "semantic_vad"] = Field(
        default="server_vad", description="By silence, or by what is said."
    )
    silence_duration_ms: int = Field(
        default=500, ge=100, le=5000, description="Of `server_vad`: silence that ends a turn."
    )
    prefix_padding_ms: int = Field(
        default=300, ge=0, le=700, description="Of `server_vad`: sound before speech that belongs to it."
    )
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="Of `server_vad`: how loud speech is; null: the provider's own."
    )
    eagerness: Literal["auto", "low", "medium", "high"] | None = Field(
        default=None, description="Of `semantic_vad`: `low` waits longer for the caller to go on."
    )

    @model_validator(mode="after")
    def _of_one_type(self) -> Self:
        others = {"eagerness"} if self.type == "server_vad" else set(type(self).model_fields) - {"type", "eagerness"}
        if strange := [key for key in type(self).model_fields if key in others & self.model_fields_set]:
            raise ValueError(f"`{self.type}` has no `{strange[0]}`; leave it out, or take the other `type`.")
        return self


class TranscriptionSpec(Spec):
    """Who writes down what the caller says, for the journal and the captions. The model itself hears the sound."""

    model: Text | None = Field(default=None, description="The transcriber; null: the one that is usual there.")
    language: Language | None = Field(
        default="en", description="What callers speak, by ISO 639-1; null: whatever it sounds like."
    )
    prompt: Text | None = Field(default=None, description="Words or names that callers use.")


class TokenLimitsSpec(Spec):
    """How long a conversation may get before the provider forgets its beginning."""

    post_instructions: int = Field(
        ge=500, description="Tokens of the conversation, instructions and tools not counted."
    )


class TruncationSpec(Spec):
    """What the provider forgets when a conversation has outgrown its window. A type alone stands for a mapping."""

    type: Literal["auto", "disabled", "retention_ratio"] = Field(
        default="retention_ratio", description="`auto`: the oldest; `disabled`: nothing, and the next reply fails."
    )
    retention_ratio: float | None = Field(default=None, ge=0, le=1, description="The part that is kept.")
    token_limits: TokenLimitsSpec | None = Field(default=None, description="null: the model's own window.")

    @model_validator(mode="after")
    def _of_one_type(self) -> Self:
        if (self.type == "retention_ratio") != (self.retention_ratio is not None):
            raise ValueError("`retention_ratio` and the type of that name go together; give both, or neither.")
        if self.token_limits and self.type != "retention_ratio":
            raise ValueError(f"`{self.type}` has no `token_limits`; leave it out.")
        return self


class ReasoningSpec(Spec):
    """Of models that think before they speak, such as `gpt-realtime-2`."""

    effort: Literal["minimal", "low", "medium", "high", "xhigh"] = Field(description="More takes longer.")


class OpenAISpec(Spec):
    """OpenAI's Realtime API, and whatever speaks it at `OPENAI_BASE_URL`. See [openai.md](providers/openai.md)."""

    model: Text | None = Field(default=None, description="null: `gpt-realtime-1.5`.")
    voices: VoicesSpec = Field(default=VoicesSpec(), description="See below.")
    turn_detection: TurnDetectionSpec = Field(default=TurnDetectionSpec(), description="See below.")
    transcription: TranscriptionSpec = Field(default=TranscriptionSpec(), description="See below.")
    noise_reduction: Literal["near_field", "far_field"] | None = Field(
        default=None, description="`near_field` for a headset, `far_field` for a microphone in the room; null: none."
    )
    speed: float = Field(default=1.0, ge=0.25, le=1.5, description="How fast the model speaks.")
    max_output_tokens: int | None = Field(
        default=None, ge=1, le=4096, description="The most that a reply may be; speech has 20 a second. null: `inf`."
    )
    truncation: TruncationSpec | None = Field(
        default=None, description="What is forgotten when the window is full: a type, or a mapping. null: `auto`."
    )
    reasoning: ReasoningSpec | None = Field(default=None, description="See below.")
    images: bool = Field(
        default=True,
        description="Whether the model takes pictures. One that does not is told in words what is on them: `showing`.",
    )

    @field_validator("truncation", mode="before")
    @classmethod
    def _type_alone(cls, truncation: Any) -> Any:
        return {"type": truncation} if isinstance(truncation, str) else truncation

    @model_validator(mode="before")
    @classmethod
    def _no_temperature(cls, given: Any) -> Any:
        if isinstance(given, dict) and "temperature" in given:
            raise ValueError("temperature: the Realtime API takes none any more; leave it out.")
        return given

    @property
    def silence_ms(self) -> int | None:
        """What ends the caller's turn, where that is a matter of silence."""
        return self.turn_detection.silence_duration_ms if self.turn_detection.type == "server_vad" else None


class AzureSpec(OpenAISpec):
    """Azure OpenAI. The resource and the deployment are variables. See [azure.md](providers/azure.md)."""

    model: Text | None = Field(default=None, description="What is deployed, for its price; null: `gpt-realtime`.")


class LocalSpec(Spec):
    """The embedded model, in OpenAI's words. See [local.md](providers/local.md)."""

    voices: VoicesSpec = Field(default=VoicesSpec(), description="See below.")
    turn_detection: TurnDetectionSpec = Field(default=TurnDetectionSpec(), description="See below.")
    speed: float = Field(default=1.0, ge=0.25, le=1.5, description="How fast it speaks.")
    max_output_tokens: int | None = Field(
        default=None, ge=1, le=4096, description="The most that a reply may be; null: `inf`."
    )


class ActivityDetectionSpec(Spec):
    """How Gemini hears that the caller's turn begins and is over. null is what the service takes."""

    start_of_speech_sensitivity: Literal["START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"] | None = Field(
        default=None, description="High: speech is heard more often."
    )
    end_of_speech_sensitivity: Literal["END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"] | None = Field(
        default=None, description="High: a turn ends sooner."
    )
    prefix_padding_ms: int | None = Field(
        default=None, ge=0, le=2000, description="How long speech lasts before it counts."
    )
    silence_duration_ms: int | None = Field(default=None, ge=100, le=5000, description="Silence that ends a turn.")


class RealtimeInputSpec(Spec):
    """What Gemini makes of what comes in."""

    automatic_activity_detection: ActivityDetectionSpec = Field(
        default=ActivityDetectionSpec(), description="See below."
    )
    turn_coverage: (
        Literal["TURN_INCLUDES_ONLY_ACTIVITY", "TURN_INCLUDES_ALL_INPUT", "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO"]
        | None
    ) = Field(default=None, description="Whether what comes in between turns belongs to the next one.")


class SlidingWindowSpec(Spec):
    """What is kept when a session is shortened."""

    target_tokens: int | None = Field(default=None, ge=1, description="null: half of `trigger_tokens`.")


class CompressionSpec(Spec):
    """When Gemini forgets the beginning of a session that grows too long, and how much of it."""

    trigger_tokens: int | None = Field(default=None, ge=1, description="null: the service's own limit.")
    sliding_window: SlidingWindowSpec = Field(default=SlidingWindowSpec(), description="See below.")

    @model_validator(mode="after")
    def _shortens(self) -> Self:
        kept = self.sliding_window.target_tokens
        if kept and self.trigger_tokens and kept >= self.trigger_tokens:
            raise ValueError(f"sliding_window.target_tokens: {kept} is no less than `trigger_tokens`; lower it.")
        return self


class ThinkingSpec(Spec):
    """How much Gemini thinks before it speaks. What a model can do here differs."""

    thinking_budget: int | None = Field(default=None, ge=-1, description="Tokens; 0: none, -1: as it sees fit.")
    thinking_level: Literal["MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"] | None = Field(
        default=None, description="In place of `thinking_budget`."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.thinking_budget is not None and self.thinking_level:
            raise ValueError("give `thinking_budget` or `thinking_level`, one of them.")
        return self


class InputTranscriptionSpec(Spec):
    """How the caller's words are written down, for the journal and the captions."""

    language_codes: tuple[LanguageCode, ...] = Field(
        default=(), description="What callers speak, by BCP 47 (`en-US`); none: whatever it sounds like."
    )


class GeminiSpec(Spec):
    """Gemini Live, by Google's API key or on Vertex AI. See [gemini.md](providers/gemini.md)."""

    model: Text | None = Field(default=None, description="null: the one that is usual there.")
    voices: VoicesSpec = Field(default=VoicesSpec(), description="See below.")
    temperature: float | None = Field(default=None, ge=0, le=2, description="Lower is more predictable.")
    top_p: float | None = Field(default=None, ge=0, le=1, description="The same, by the likeliest words.")
    top_k: int | None = Field(default=None, ge=1, description="The same, by their number.")
    max_output_tokens: int | None = Field(default=None, ge=1, description="The most that a reply may be.")
    language_code: LanguageCode | None = Field(
        default=None, description="What the model speaks, by BCP 47. Native-audio models find it out, and refuse this."
    )
    input_audio_transcription: InputTranscriptionSpec = Field(
        default=InputTranscriptionSpec(), description="See below."
    )
    realtime_input_config: RealtimeInputSpec = Field(default=RealtimeInputSpec(), description="See below.")
    context_window_compression: CompressionSpec | None = Field(
        default=CompressionSpec(), description="See below; null: a session ends when its window is full."
    )
    thinking_config: ThinkingSpec | None = Field(default=None, description="See below.")
    enable_affective_dialog: bool | None = Field(
        default=None, description="The model answers to the tone of voice. Of some models only."
    )
    proactivity: bool | None = Field(
        default=None, description="The model may leave unanswered what was not meant for it. Of some models only."
    )
    media_resolution: Literal["MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"] | None = (
        Field(default=None, description="How closely pictures are looked at, and what they cost.")
    )

    @property
    def silence_ms(self) -> int | None:
        """What ends the caller's turn; None: as the service has it."""
        return self.realtime_input_config.automatic_activity_detection.silence_duration_ms


class ProvidersSpec(Spec):
    """What each provider is told, in its own words. What is left out is as the provider has it, or as Baton needs it."""

    openai: OpenAISpec = Field(default=OpenAISpec(), description="OpenAI, or a server of its protocol.")
    azure: AzureSpec = Field(default=AzureSpec(), description="Azure OpenAI.")
    gemini: GeminiSpec = Field(default=GeminiSpec(), description="Gemini Live.")
    local: LocalSpec = Field(default=LocalSpec(), description="The embedded model.")

    @field_validator("*", mode="before")
    @classmethod
    def _nothing_said(cls, given: Any) -> Any:
        return {} if given is None else given
