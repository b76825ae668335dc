"""A session that is dialled while its caller is still on the way: who waits for a greeting does not wait for that."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from worker.line import memory
from worker.line.breaker import PROCESS, Breaker
from worker.line.endpoint import Endpoint
from worker.line.events import ArmRefused, LinkEvent
from worker.line.line import DIALS
from worker.line.link import Arms, Dial, Link

WAITS_S = 10.0  # for a caller; a provider's session costs nothing meanwhile, but its time is limited
_NOBODY = -1  # the epoch of an agent who is not known yet


class Ahead:
    """Dials on construction, with nothing of the agent but the voice; as a `Dial`, it gives that session to the first who
    can use it, who tells it the rest. Whoever else dials gets a session of their own.

    Close it when nobody comes.
    """

    def __init__(self, endpoint: Endpoint, role: str, dial: Dial) -> None:
        self._endpoint, self._dial = endpoint, dial
        self._arms = Arms(_NOBODY, "", (), role, (endpoint,))
        self._events = list[LinkEvent]()
        self._emit: Callable[[LinkEvent], None] = self._events.append
        self._link: Link | None = dial(endpoint, self._arms, (), lambda event: self._emit(event))
        self._closing = set[asyncio.Task[None]]()
        self._timer = asyncio.get_running_loop().call_later(WAITS_S, self._give_up)

    def __call__(
        self, endpoint: Endpoint, arms: Arms, entries: Sequence[memory.Entry], emit: Callable[[LinkEvent], None]
    ) -> Link:
        """A link to `endpoint`, as any `Dial` gives it."""
        voice = endpoint.profile.voice
        if not self._link or endpoint is not self._endpoint or voice(arms.role) != voice(self._arms.role):
            return self._dial(endpoint, arms, entries, emit)
        self._timer.cancel()
        link, self._link = self._link, None
        link.arm(arms)
        for entry in entries:
            link.remember(entry)
        asyncio.get_running_loop().call_soon(self._tell, emit)  # whoever dials has no link yet
        return link

    def among(self, dials: Mapping[str, Dial]) -> Mapping[str, Dial]:
        """These, but of its own protocol this one."""
        return {**dials, self._endpoint.profile.protocol: self}

    async def close(self) -> None:
        """Hangs up, if nobody has come."""
        self._give_up()
        if self._closing:
            await asyncio.wait(self._closing)

    def _give_up(self) -> None:
        self._timer.cancel()
        if self._link:
            closing = asyncio.ensure_future(self._link.close())
            self._link = None
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _tell(self, emit: Callable[[LinkEvent], None]) -> None:
        """What has happened meanwhile. Of a voice that is refused the agent's own request tells again."""
        for event in self._events:
            if not (isinstance(event, ArmRefused) and event.epoch == _NOBODY):
                emit(event)
        self._events, self._emit = [], emit


def dial_ahead(endpoints: Sequence[Endpoint], role: str, breaker: Breaker = PROCESS) -> Ahead | None:
    """A session of the provider that is to be dialled; None of one whose sessions are told all of an agent at the dial."""
    endpoint = breaker.choose(endpoints)
    profile = endpoint.profile
    if not (profile.changes_instructions and profile.changes_tools):
        return None
    return Ahead(endpoint, role, DIALS[profile.protocol])
