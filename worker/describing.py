"""What is on a picture, in words: for a model that takes none, and for guards who check what a model has read there."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from livekit.agents import llm

from agents import context
from agents.spec import TeamSpec
from tools.context import CallContext
from worker.journal import events as journal
from worker.team.sub_agents import NoAnswer, SubAgents
from worker.team.text_models import TextModel
from worker.team.tool_runs import Tell

logger = logging.getLogger(__name__)

LOOKS_S = 20.0  # for a picture: who has said nothing of it by then is not waited for
_LONGEST = 1200  # characters: a model may say more than anybody wants to hear
_TOO_LATE = f"it has taken longer than {LOOKS_S:.0f} seconds"


@dataclass(frozen=True, slots=True)
class Described:
    """What is there, in the words of `by`; without words, why there are none is in `failed`."""

    by: str
    text: str
    failed: str = ""

    @property
    def about(self) -> str:
        """For a model that takes no pictures."""
        return context.seen(self.by, self.text)

    def event(self, ref: str) -> journal.PictureDescribed:
        return journal.PictureDescribed(ref=ref, by=self.by, description=self.text, failed=self.failed)


class Describer:
    """Whom the team names looks (`showing.described_by`); or else our own eyes do, which read text and codes alone.

    `look` is these eyes. `make_context` is what tools may see of the call. Both kinds of looking take their time, have a
    deadline, and never raise.
    """

    def __init__(
        self,
        team: TeamSpec,
        models: Mapping[str, TextModel],
        sub_agents: SubAgents,
        look: Callable[[bytes], Awaitable[str]],
        make_context: Callable[[str, llm.FunctionToolCall, Tell], CallContext],
    ) -> None:
        name = team.showing.described_by
        model = models.get(name) if name else None
        self._name = name if model and model.provider != "local" else None  # the embedded model has no other eyes
        self._sub_agents, self._look, self._make_context = sub_agents, look, make_context

    async def describe(self, ref: str, pictures: Sequence[bytes]) -> Described:
        """What is on JPEGs that are known by one name, for a model that takes none."""
        if self._name is None:
            return await self.read(pictures)
        asked = self._make_context(self._name, llm.FunctionToolCall(name="look", arguments="{}", call_id=ref), _no_news)
        try:
            text = await self._sub_agents.look(self._name, pictures, asked, LOOKS_S)
        except NoAnswer as why:
            return Described(self._name, "", str(why))
        except Exception as error:  # a client of a model, or a tool, may break in any way, and that ends no call
            logger.warning("call %s: sub-agent %s: %s", asked.call, self._name, type(error).__name__)
            return Described(self._name, "", f"its model fails ({type(error).__name__})")
        return Described(self._name, _plain(text))

    async def read(self, pictures: Sequence[bytes]) -> Described:
        """The text and the codes on JPEGs."""
        try:
            found = []
            for picture in pictures:
                async with asyncio.timeout(LOOKS_S):
                    found.append(await self._look(picture))
        except TimeoutError:
            return Described(context.EYES, "", _TOO_LATE)
        except Exception as error:  # a library that is not there, or does not run here, ends no call
            logger.warning("a picture could not be read: %s", type(error).__name__)
            return Described(context.EYES, "", "the text on it cannot be read on this machine")
        return Described(context.EYES, "; ".join(found))


def _no_news(_: object) -> None:
    """Nobody waits to hear how it goes."""


def _plain(text: str) -> str:
    """On one line, and no longer than it may be."""
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]} …"
