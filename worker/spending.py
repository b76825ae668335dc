"""What a call costs, and all calls of the day: for the journal, and for the limits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from worker.journal import events as journal
from worker.line.cost import Account
from worker.line.events import Usage
from worker.team.text_models import TextModel
from worker.turns.limits import Limits

DAY_S = 60.0  # how often it is looked up what all calls of the day have cost


class Spending:
    """`spent_today` tells what all calls of the day have cost, None when nobody knows; it is None where no limit asks.

    `text_models` names what each sub-agent thinks with.
    """

    def __init__(
        self,
        account: Account,
        limits: Limits,
        spent_today: Callable[[], Awaitable[float | None]] | None,
        text_models: Mapping[str, TextModel],
        *,
        record: Callable[[journal.JournalEvent], None],
    ) -> None:
        self._account, self._limits, self._spent_today, self._record = account, limits, spent_today, record
        self._text_models = text_models
        limits.spent(account.total)

    def count(self, agent: str, provider: str, model: str, usage: Usage) -> None:
        """A model was used for an agent."""
        updated, unpriced = self._account.take(agent, provider, model, usage)
        self._record(updated)
        if unpriced:
            told = f"{provider}/{model} has no price for {', '.join(unpriced)}. See BATON_PRICES."
            self._record(journal.CallWarned(code="cost.unpriced", detail=told))
        self._limits.spent(self._account.total)

    def count_sub_agent(self, used: journal.ModelUsed) -> None:
        """A sub-agent's model was used."""
        model = self._text_models[used.agent]
        usage = Usage(input_text=used.input_tokens, cached_text=used.cached_tokens, output_text=used.output_tokens)
        self.count(used.agent, model.provider, model.name, usage)

    async def look_up_day(self) -> None:
        if self._spent_today and (cost := await self._spent_today()) is not None:
            self._limits.spent_today(cost)

    async def follow_day(self, looked: Callable[[], None]) -> None:
        """Until cancelled."""
        while self._spent_today:
            await asyncio.sleep(DAY_S)
            await self.look_up_day()
            looked()
