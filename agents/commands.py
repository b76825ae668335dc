"""What the orchestrator decides is done."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """Run a tool of the present agent."""

    call_id: str
    tool: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Tell the model at once what became of its tool call. `failed`: nothing was done.

    Without a message the call has joined one that runs, and gets that one's result. `quiet`: there is nothing to say
    of it.
    """

    call_id: str
    tool: str
    message: str
    failed: bool
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a tool that runs; it is told as a failure."""

    call_id: str


@dataclass(frozen=True, slots=True)
class TaskDone:
    agent: str
    task: str


@dataclass(frozen=True, slots=True)
class Switch:
    """Prepare `target`: from now on `source` asks for no reply. `announce`: what it is saying may be heard out.

    `call_id` is empty when it is the plan that hands over.
    `share`: what the target knows of the conversation. `returning`: it has had this caller before.
    """

    call_id: str
    source: str
    target: str
    epoch: int
    announce: bool
    share: str
    returning: bool


@dataclass(frozen=True, slots=True)
class Entered:
    """`target` has the call."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class RollBack:
    """`source` keeps the call, and says that `target` could not be reached."""

    source: str
    target: str
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class Begin:
    """The agent who has the call shall deal with a wish of the plan, or say why it is not possible."""

    wish: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Delegate:
    """While people talk: run `agent`'s tool, which asks a sub-agent to deal with a wish of the plan."""

    call_id: str
    agent: str
    tool: str
    arguments: str


Command = Run | Delegate | Answer | Cancel | TaskDone | Switch | Entered | RollBack | Begin
