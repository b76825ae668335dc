"""A session's replies: one at a time to its conversation, and any number beside it."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from worker.local_model.audio_format import Encoder
from worker.local_model.configuration import Configuration
from worker.local_model.conversation import Conversation, Tool
from worker.local_model.errors import ProtocolError
from worker.local_model.items import Items
from worker.local_model.perception import Perception
from worker.local_model.response import Response
from worker.local_model.senses import Senses
from worker.local_model.usage import Tokens, written

logger = logging.getLogger(__name__)

Json = dict[str, Any]


class Replies:
    """`on_end(audio_ms)`: a reply of the conversation has run to its end, with so much audio."""

    def __init__(
        self,
        senses: Senses,
        configuration: Configuration,
        items: Items,
        perception: Perception,
        *,
        send: Callable[..., None],
        on_end: Callable[[int], None],
    ) -> None:
        self._senses, self._configuration = senses, configuration
        self._items, self._perception = items, perception
        self._send, self._on_end = send, on_end
        self._running = dict[Response, asyncio.Task[None]]()

    @property
    def current(self) -> Response | None:
        """The reply to the conversation."""
        return next((response for response in self._running if response.in_conversation), None)

    def create(self, request: Json) -> None:
        """Begins a reply. Raises ProtocolError when the conversation has one already, or its request cannot be met."""
        aside = request.get("conversation") == "none"
        if (current := self.current) and not aside:
            raise ProtocolError(
                f"Conversation already has an active response in progress: {current.id}. "
                "Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        settings = self._configuration.for_response(request)
        _check_choice(settings)
        context = self._items if (given := request.get("input")) is None else self._own_context(given)
        output = settings["audio"]["output"]
        limit = settings["max_output_tokens"]
        response = Response(
            items=self._items,
            send=self._send,
            voice=self._senses.voice,
            encoder=Encoder(output["format"]["type"]),
            settings=settings,
            limit=None if limit == "inf" else limit,
            in_conversation=not aside,
            metadata=request.get("metadata"),
        )
        response.created()
        self._running[response] = asyncio.ensure_future(self._run(response, settings, context))

    def cancel(self, wanted: str | None) -> None:
        """By the client, by the response's id or the one to the conversation. Raises ProtocolError if there is none."""
        found = next((one for one in self._running if one.id == wanted), None) if wanted else self.current
        if found is None:
            raise ProtocolError("Cancellation failed: no active response found", code="response_cancel_not_active")
        self._end(found, "client_cancelled")

    def interrupt(self) -> None:
        """The caller speaks: what is being said to the conversation ends."""
        if current := self.current:
            self._end(current, "turn_detected")

    async def close(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, response: Response, reason: str) -> None:
        self._running.pop(response).cancel()
        response.finish("cancelled", {"type": "cancelled", "reason": reason})

    async def _run(self, response: Response, settings: Json, context: Items) -> None:
        try:
            await self._perception.settled()
            conversation = _conversation(settings, context)
            await response.run(self._senses.brain, conversation, _taken(conversation, context))
        except asyncio.CancelledError:
            return  # whoever cancels has told the client
        except Exception:
            logger.exception("a reply failed")
            error = {"type": "server_error", "code": "server_error"}
            response.finish("failed", {"type": "failed", "error": error})
        del self._running[response]
        if response.in_conversation:
            self._on_end(response.audio_ms)

    def _own_context(self, given: list[Json]) -> Items:
        """The items that a request brings along, in place of the conversation. Raises ProtocolError."""
        context = Items()
        for item in given:
            if item.get("type") == "item_reference":
                context.borrow(self._items, item["id"])
            else:
                self._perception.add(context, dict(item), told=False)
        return context


def _conversation(settings: Json, items: Items) -> Conversation:
    choice = settings["tool_choice"]
    return Conversation(
        instructions=settings["instructions"] or "",
        tools=tuple(
            Tool(tool["name"], tool.get("description") or "", tool.get("parameters") or {})
            for tool in settings["tools"]
            if tool.get("name")
        ),
        items=items.for_brain(),
        tool_choice=choice["name"] if isinstance(choice, dict) else choice,
    )


def _taken(conversation: Conversation, items: Items) -> Tokens:
    """What the brain is given."""
    tools = [written(f"{tool.name} {tool.description} {json.dumps(tool.parameters)}") for tool in conversation.tools]
    return sum(tools, written(conversation.instructions) + items.tokens())


def _check_choice(settings: Json) -> None:
    """Raises ProtocolError when a tool must be called, and there is no such tool."""
    choice = settings["tool_choice"]
    names = [tool.get("name") for tool in settings["tools"]]
    if choice == "required" and not names:
        raise ProtocolError("Tool choice 'required' wants tools, and there are none.", param="response.tool_choice")
    if isinstance(choice, dict) and choice.get("name") not in names:
        raise ProtocolError(f"Tool choice {choice.get('name')!r} is not among the tools.", param="response.tool_choice")
