"""The team file's reference page and JSON Schema, made from the models that read it.

python -m agents.reference > docs/team-file.md
"""

import inspect
import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from agents.announcements import AnnouncementsSpec
from agents.background import BackgroundSpec
from agents.guarding import ClaimsSpec, GuardSpec, JudgeSpec, TopicsSpec
from agents.limits import LimitsSpec
from agents.memory import MemorySpec
from agents.providers import (
    ActivityDetectionSpec,
    AzureSpec,
    CompressionSpec,
    GeminiSpec,
    InputTranscriptionSpec,
    LocalSpec,
    OpenAISpec,
    ProvidersSpec,
    RealtimeInputSpec,
    ReasoningSpec,
    SlidingWindowSpec,
    ThinkingSpec,
    TokenLimitsSpec,
    TranscriptionSpec,
    TruncationSpec,
    TurnDetectionSpec,
    VoicesSpec,
)
from agents.recording import RecordingSpec
from agents.redaction import DigitsSpec, RedactedSpec, RedactionSpec
from agents.showing import ShowingSpec
from agents.spec import AgentSpec, FactSpec, HandoffSpec, TaskSpec, TeamSpec
from agents.telephone import TelephoneSpec
from agents.text_model import BudgetSpec, TextModelSpec
from agents.tool_spec import McpSpec, SubAgentSpec, ToolSpec
from agents.turn_taking import SilenceSpec, TurnTakingSpec

_PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", TeamSpec),
    ("`facts.NAME`", FactSpec),
    ("`memory`", MemorySpec),
    ("`limits`", LimitsSpec),
    ("`turn_taking`", TurnTakingSpec),
    ("`turn_taking.silence`", SilenceSpec),
    ("`announcements`", AnnouncementsSpec),
    ("`recording`", RecordingSpec),
    ("`background`", BackgroundSpec),
    ("`redact`: a list, or", RedactionSpec),
    ("`redact.what`: a kind, or", RedactedSpec),
    ("`digits`", DigitsSpec),
    ("`telephone`", TelephoneSpec),
    ("`showing`", ShowingSpec),
    ("`mcp.NAME`", McpSpec),
    ("`guards`, `agents.NAME.guards`: a name, or", GuardSpec),
    ("`guards.claims`", ClaimsSpec),
    ("`guards.topics`", TopicsSpec),
    ("`guards.judge`: a question, or", JudgeSpec),
    ("`agents.NAME`", AgentSpec),
    ("`agents.NAME.tools`: a dotted path, or", ToolSpec),
    ("`agents.NAME.tasks`", TaskSpec),
    ("`agents.NAME.handoffs`", HandoffSpec),
    ("`agents.NAME.agents`: a name, or", SubAgentSpec),
    ("`agents.NAME.model`: a provider, or", TextModelSpec),
    ("`agents.NAME.budget`", BudgetSpec),
    ("`providers`", ProvidersSpec),
    ("`providers.openai`", OpenAISpec),
    ("`providers.azure`", AzureSpec),
    ("`providers.local`", LocalSpec),
    ("`providers.NAME.voices`", VoicesSpec),
    ("`turn_detection`", TurnDetectionSpec),
    ("`transcription`", TranscriptionSpec),
    ("`truncation`: a type, or", TruncationSpec),
    ("`truncation.token_limits`", TokenLimitsSpec),
    ("`reasoning`", ReasoningSpec),
    ("`providers.gemini`", GeminiSpec),
    ("`input_audio_transcription`", InputTranscriptionSpec),
    ("`realtime_input_config`", RealtimeInputSpec),
    ("`realtime_input_config.automatic_activity_detection`", ActivityDetectionSpec),
    ("`context_window_compression`", CompressionSpec),
    ("`context_window_compression.sliding_window`", SlidingWindowSpec),
    ("`thinking_config`", ThinkingSpec),
)
_HEAD = """# Every key of a team file

Made from the models that read the file (`python -m agents.reference`). For the way to a team of your own see
[team.md](team.md). Editors complete and check the file with the schema that `baton check --schema` prints.
"""


def page() -> str:
    """Markdown: a table for each part of the file."""
    return "\n".join([_HEAD, *(line for title, model in _PARTS for line in _part(title, model))])


def schema() -> str:
    """JSON Schema of a team file, for editors."""
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **_for_people()}, indent=2)


def _for_people() -> dict[str, Any]:
    """The models' schema as a file is written: an agent's name is its key, and a word alone stands for a mapping."""
    told = TeamSpec.model_json_schema()
    agent = told["$defs"]["AgentSpec"]
    del agent["properties"]["name"]
    agent["required"].remove("name")
    for key, kind in (("tools", "ToolSpec"), ("agents", "SubAgentSpec"), ("guards", "GuardSpec")):
        agent["properties"][key]["items"] = {"anyOf": [{"type": "string"}, {"$ref": f"#/$defs/{kind}"}]}
    told["properties"]["guards"]["items"] = agent["properties"]["guards"]["items"]
    guard = told["$defs"]["GuardSpec"]["properties"]
    guard["on"] = _or_a_word(guard["on"], guard["on"]["items"]["enum"])
    guard["judge"]["anyOf"].append({"type": "string"})
    assert told["$defs"]["SubAgentSpec"]["required"] == ["agent"]
    told["$defs"]["ToolSpec"]["oneOf"] = [{"required": ["tool"]}, {"required": ["mcp"]}]
    every = told["properties"]["model"]["items"]["enum"]
    text = told["$defs"]["TextModelSpec"]["properties"]["provider"]["enum"]
    told["properties"]["model"] = _or_a_word(told["properties"]["model"], every)
    model = agent["properties"]["model"]
    agent["properties"]["model"] = _or_a_word(model, [*every, *(name for name in text if name not in every)])
    told["properties"]["redact"]["anyOf"] = [
        {"$ref": told["properties"]["redact"].pop("$ref")},
        told["$defs"]["RedactionSpec"]["properties"]["what"],
    ]
    for name in ("OpenAISpec", "AzureSpec"):
        truncation = told["$defs"][name]["properties"]["truncation"]
        types = told["$defs"]["TruncationSpec"]["properties"]["type"]["enum"]
        told["$defs"][name]["properties"]["truncation"] = _or_a_word(truncation, types)
    return told


def _or_a_word(told: dict[str, Any], words: list[str]) -> dict[str, Any]:
    """A property that may be one of these words as well."""
    about = {key: value for key, value in told.items() if key in ("title", "description", "default")}
    kinds = told.get("anyOf") or [{key: value for key, value in told.items() if key not in about}]
    return {**about, "anyOf": [{"enum": words}, *kinds]}


def _part(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield f"{inspect.cleandoc(model.__doc__ or '')}\n"
    yield "| key | values | default | what it decides |"
    yield "|---|---|---|---|"
    required = set(model.model_json_schema().get("required", []))
    for name, told in model.model_json_schema()["properties"].items():
        if model is AgentSpec and name == "name":
            continue
        nested = "$ref" in told or (isinstance(told.get("default"), dict) and bool(told["default"]))
        default = "required" if name in required else "" if nested else f"`{json.dumps(told.get('default'))}`"
        yield f"| `{name}` | {values_of(told)} | {default} | {told.get('description', '')} |"


def values_of(told: dict[str, Any]) -> str:
    if "enum" in told:
        return ", ".join(f"`{value}`" for value in told["enum"])
    if "anyOf" in told:
        return values_of(next(kind for kind in told["anyOf"] if kind.get("type") != "null"))
    if "oneOf" in told:
        return values_of(told["oneOf"][0])
    if "$ref" in told:
        return "a mapping"
    match told.get("type"):
        case "array":
            return f"{values_of(told['items'])}, or a list" if "enum" in told["items"] else "a list"
        case "object" | None:  # None: a part with a table of its own
            return "a mapping"
        case kind:
            return {"string": "text", "boolean": "true, false"}.get(str(kind), str(kind))


if __name__ == "__main__":
    print(page())
