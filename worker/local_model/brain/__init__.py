"""What the embedded model thinks with: nearness of meaning and rules, or a chat endpoint where one is named."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import date

from worker.local_model.brain.chat import ChatBrain
from worker.local_model.brain.choice import choose
from worker.local_model.brain.dialogue import Dialogue
from worker.local_model.brain.embedding import Embedder
from worker.local_model.conversation import Brain, Conversation, Say, ToolCall
from worker.spoken.dates import today_in

__all__ = ["ChatBrain", "EmbeddingBrain", "make_brain"]


class EmbeddingBrain:
    """Chooses tools by nearness of meaning, fills their parameters from what was said, and words the rest by rules."""

    def __init__(self) -> None:
        self.embedder = Embedder()

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Say | ToolCall]:
        for thought in await asyncio.to_thread(self.think, conversation):
            yield thought

    async def close(self) -> None:
        """Nothing of it is open."""

    def think(self, conversation: Conversation) -> list[Say | ToolCall]:
        """The same in the caller's thread, all at once."""
        today = today_in(conversation.instructions) or date.today()
        return Dialogue(conversation, lambda text, on_offer: choose(self.embedder, text, on_offer), today).next()


def make_brain(chat_url: str) -> Brain:
    return ChatBrain(chat_url) if chat_url else EmbeddingBrain()
