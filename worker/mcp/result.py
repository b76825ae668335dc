"""What an MCP tool has answered, in words for the model. Pure."""

import json
from collections.abc import Sequence
from typing import Any, assert_never

from livekit.agents import ToolError
from mcp_types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)


def told(result: CallToolResult) -> str:
    """Text as it is, structured content as JSON; what cannot be read aloud is named. Raises ToolError for a failure."""
    texts = [part.text for part in result.content if isinstance(part, TextContent)]
    parts = [_in_words(part) for part in result.content]
    if result.structured_content is not None and not _says(texts, result.structured_content):
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    words = "\n".join(part for part in parts if part.strip())
    if result.is_error:
        raise ToolError(words or "It has failed, and does not say why.")
    return words or "Done."


def _in_words(part: ContentBlock) -> str:
    match part:
        case TextContent():
            return part.text
        case ImageContent():
            return f"[an image, {part.mime_type}]"
        case AudioContent():
            return f"[a recording, {part.mime_type}]"
        case ResourceLink():
            return f"[a resource: {part.title or part.name}, {part.uri}]"
        case EmbeddedResource():
            found = part.resource
            return found.text if isinstance(found, TextResourceContents) else f"[a file: {found.uri}]"
        case _:
            assert_never(part)


def _says(texts: Sequence[str], structured: Any) -> bool:
    """Whether the texts hold the structured content already: servers send both, for clients that know only text."""
    inner = structured["result"] if isinstance(structured, dict) and list(structured) == ["result"] else structured
    read = [_read(text) for text in texts]
    return any(known == wanted for wanted in (structured, inner) for known in ([*texts], read, *texts, *read))


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
