"""What the provider is told, as Gemini has it: tools, results, pictures, and all that a model is to remember. Pure."""

import base64
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from google.genai import types
from livekit.agents import function_tool, llm
from livekit.plugins.google.utils import create_tools_config

from worker.line import memory

logger = logging.getLogger(__name__)

_NOTE = "Note, not said by the caller"


def tools(schemas: Sequence[Mapping[str, Any]]) -> list[llm.Tool]:
    """As the plugin takes them. One that Gemini's kind of schema cannot express is left out."""
    taken = list[llm.Tool]()
    for schema in schemas:
        raw = {key: value for key, value in schema.items() if key != "type"}
        tool = function_tool(_never_run, raw_schema=_one_type_each(raw))
        try:
            create_tools_config(llm.ToolContext([tool]), use_parameters_json_schema=False)
        except (ValueError, TypeError, KeyError) as error:
            logger.warning("Gemini cannot be offered the tool %s: %s", raw["name"], error)
        else:
            taken.append(tool)
    return taken


async def _never_run(raw_arguments: dict[str, object]) -> None:
    """The call runs its tools itself; here they are but offered."""


def _one_type_each(schema: Any) -> Any:
    """The plugin reads `"type": ["string", "null"]`, which MCP servers write, in its longer form only."""
    match schema:
        case {"type": list(kinds), **rest}:
            return {**_one_type_each(rest), "anyOf": [{"type": kind} for kind in kinds]}
        case dict():
            return {key: _one_type_each(value) for key, value in schema.items()}
        case list():
            return [_one_type_each(value) for value in schema]
        case _:
            return schema


def response(call: types.FunctionCall, output: str, **more: str) -> types.FunctionResponse:
    """A tool's result; `more` that is not empty is told with it."""
    told = {key: words for key, words in more.items() if words}
    return types.FunctionResponse(id=call.id, name=call.name, response={"output": output, **told})


def told(entry: memory.Entry) -> llm.ChatMessage:
    """The plugin leaves out of a memory what is neither the caller's nor the model's: so it stands there as text.

    Tool calls too are told to the model, not said by it: what it finds in its own words it says again.
    """
    who: Literal["assistant", "user"] = "assistant" if role(entry) == "model" else "user"
    match entry:
        case memory.Shown(_, _, shown):
            pictures = shown
        case memory.Frame(_, _, _, picture):
            pictures = (picture,)
        case _:
            pictures = ()
    urls = [f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}" for picture in pictures]
    return llm.ChatMessage(
        id=entry.item, role=who, content=[as_text(entry), *(llm.ImageContent(image=url) for url in urls)]
    )


def role(entry: memory.Entry) -> str:
    """Whose words it is to the model."""
    return "model" if isinstance(entry, memory.Said) and entry.role == "assistant" else "user"


def as_text(entry: memory.Entry) -> str:
    """Its words, marked where neither the caller nor the model has said them."""
    match entry:
        case memory.Said(_, "system", text):
            return f"[{_NOTE}: {text}]"
        case memory.Said(_, _, text):
            return text
        case memory.Called(_, _, name, arguments):
            return f"[{_NOTE}: you called {name} with {arguments or '{}'}]"
        case memory.Returned(_, _, name, output):
            return f"[{_NOTE}: {name} returned: {json.dumps(output, ensure_ascii=False)}]"
        case memory.Shown(_, text) | memory.Frame(_, _, text):
            return text


def standing(state: str) -> str:
    """How the call stands, as text that the caller has not said."""
    return f"[{_NOTE}. How the call stands now, whatever you were told before:\n{state}]"


def jpeg(picture: bytes) -> types.Blob:
    return types.Blob(data=picture, mime_type="image/jpeg")
