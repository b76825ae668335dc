"""What a tool may see of the call it runs in, and what it may tell while it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Never

from livekit.agents import RunContext

from tools.card import AnyCard, flaw
from tools.database import Database
from tools.file import GivenFile


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. All of it is as the caller or the telephone network gave it: nobody has verified it.

    By `telephone`, `phone` is their number and `dialled` the one they called; `attributes` are all that the SIP bridge,
    the trunk and the dispatch rule tell, such as `sip.callID`.
    """

    identity: str
    name: str = ""
    phone: str = ""
    dialled: str = ""
    telephone: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProgressMade:
    """How it goes, in a short sentence."""

    sentence: str


Told = ProgressMade | AnyCard | GivenFile


class CallContext(RunContext[None]):
    """Annotate a tool's first parameter with this to get it; the model never sees that parameter.

    `call` is the call's id, `agent` who runs the tool, `caller` whom for. `facts` is what the call has established, by
    any agent; what a tool adds there, others see. `decision` is the model's, by the id of its tool call, and
    `idempotency_key` names it among all calls: a write that is stored with it happens once.

    A RunContext only because that is what LiveKit hands to functions: of its session a call has nothing.
    """

    def __init__(
        self,
        *,
        call: str,
        agent: str,
        decision: str,
        database: Database,
        facts: dict[str, Any],
        caller: Caller = Caller("somebody"),
        tell: Callable[[Told], None] = lambda _: None,
    ) -> None:
        self.call, self.agent, self.caller = call, agent, caller
        self.database, self.facts = database, facts
        self.decision = decision
        self.idempotency_key = f"{call}:{decision}"
        self._tell = tell
        self._updates = []  # `execute_function_call` reads it

    def progress(self, sentence: str) -> None:
        """Tells how it goes, in a short sentence: the caller hears it if they still wait, and nothing else sounds."""
        if sentence.strip():
            self._tell(ProgressMade(sentence.strip()))

    def show(self, card: AnyCard) -> None:
        """Shows a card to a caller who has a screen; for one who has none, the model is told what to say of it.

        It is not spoken: the tool's result says what matters. Raises ValueError for one that could not be pressed.
        """
        if why := flaw(card):
            raise ValueError(f"the card {card.title!r}: {why}")
        self._tell(card)

    def give(self, file: GivenFile) -> None:
        """Gives the caller a file to save, or a picture to see; for one without a screen, the model is told its words."""
        self._tell(file)

    def __getattribute__(self, name: str) -> Any:
        if name in _LIVEKITS:
            _refuse(name)
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Never:
        _refuse(name)


def _refuse(name: str) -> Never:
    raise AttributeError(
        f"CallContext has no {name!r}. A tool sees call, agent, caller, facts, database and idempotency_key, and may call "
        "progress, show and give; LiveKit's session is not there, the call is Baton's own."
    )


_LIVEKITS = frozenset(name for name in vars(RunContext) if not name.startswith("__")) - frozenset(vars(CallContext))
