from typing import Any

import pytest
from livekit.agents import ToolError
from mcp_types import (
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from worker.mcp.result import told


def text(words: str) -> TextContent:
    return TextContent(text=words)


@pytest.mark.parametrize(
    ("content", "structured", "words"),
    [
        ([text("one"), text("two")], None, "one\ntwo"),
        ([], None, "Done."),
        ([], {"a": 1}, '{"a": 1}'),
        ([text("Found it.")], {"a": "ä"}, 'Found it.\n{"a": "ä"}'),
        ([text('{\n  "a": 1\n}')], {"a": 1}, '{\n  "a": 1\n}'),
        ([text("one")], {"result": "one"}, "one"),
        ([text("1"), text("2")], {"result": [1, 2]}, "1\n2"),
        ([ResourceLink(name="Atlas", uri="file:///atlas")], None, "[a resource: Atlas, file:///atlas]"),
        (
            [EmbeddedResource(resource=TextResourceContents(uri="file:///a", text="inside"))],
            None,
            "inside",
        ),
        ([EmbeddedResource(resource=BlobResourceContents(uri="file:///a", blob="AA=="))], None, "[a file: file:///a]"),
    ],
)
def test_given_an_answer_then_it_is_told_in_words_and_once(
    content: list[ContentBlock], structured: Any, words: str
) -> None:
    assert told(CallToolResult(content=content, structured_content=structured)) == words


@pytest.mark.parametrize(("content", "why"), [([text("too late")], "too late"), ([], "does not say why")])
def test_given_a_failure_then_it_is_one(content: list[ContentBlock], why: str) -> None:
    with pytest.raises(ToolError, match=why):
        told(CallToolResult(content=content, is_error=True))
