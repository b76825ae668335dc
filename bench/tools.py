"""The one tool of the measured agents."""

from livekit.agents import RunContext, function_tool


@function_tool
async def look_up(context: RunContext[None], word: str) -> str:
    """Look a word up."""
    return f"{word} is fine"
