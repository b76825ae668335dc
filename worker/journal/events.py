"""What happened in a call, in order: the journal's vocabulary, and the JSON that the page gets.

Every event has `type`, `at` (ms since the call began) and `epoch` (counts handoffs).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agents.people import Linked
from agents.showing import Source
from tools.card import AnyCard

ANNOUNCED = "announcement_"  # how the items begin that no model has said


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    at: int = Field(default=0, ge=0, description="ms since the call began; the journal sets it.")
    epoch: int = Field(default=0, ge=0, description="How many handoffs came before; the journal sets it.")


class CallStarted(_Event):
    """The first event of a call: who calls, and who answers."""

    type: Literal["call.started"] = "call.started"
    call: str = Field(description="The call's id.")
    room: str = Field(description="The name of LiveKit's room.")
    team: str
    agent: str = Field(description="Who answers.")
    model: str = Field(description="The provider of their model.")
    caller: str = Field(description="The participant's identity.")
    linked: Linked = Field(default="first", description="Who in the room is heard.")
    agents: dict[str, tuple[str, ...]] = Field(default={}, description="Who may speak, and to whom each hands over.")


class CallResumed(_Event):
    """Another worker goes on with the call: the one before is gone, and nobody heard the caller meanwhile."""

    type: Literal["call.resumed"] = "call.resumed"
    agent: str
    gap_ms: int = Field(description="How long nobody held the call.")


class CallEnded(_Event):
    """The last event of a call."""

    type: Literal["call.ended"] = "call.ended"
    reason: str = Field(description="A sentence for whoever runs the team.")


class CallWarned(_Event):
    """Something that somebody can mend: a silent microphone, a file that cannot be read, a limit that is near."""

    type: Literal["call.warned"] = "call.warned"
    code: str = Field(description="A short stable word such as `microphone.silent`.")
    detail: str = Field(description="A sentence that says what, and what helps.")
    stream: str = Field(default="", description="Of the file that it is about, the id that its sender gave it.")


class PersonCame(_Event):
    """Somebody who is heard, where a team hears several people."""

    type: Literal["person.came"] = "person.came"
    participant: str
    name: str = Field(description="What they are called in this call, cleaned; no two people have the same.")


class PersonLeft(_Event):
    """Somebody who was heard is gone."""

    type: Literal["person.left"] = "person.left"
    participant: str


class AgentMuted(_Event):
    """People talk among themselves: the agent neither hears nor speaks; or it is back."""

    type: Literal["agent.muted"] = "agent.muted"
    participant: str = Field(description="Who wished so; empty when the call is about to end.")
    muted: bool
    for_ms: int = Field(default=0, description="Of one that is over: how long it was.")


class UserSaid(_Event):
    """What was heard of a turn, as it was transcribed."""

    type: Literal["user.said"] = "user.said"
    participant: str = Field(description="Who said it; of several at once, who spoke most.")
    together_with: tuple[str, ...] = Field(default=(), description="The others who spoke in the same turn.")
    text: str
    item: str = Field(default="", description="The provider's id of the item.")
    started_ms: int | None = Field(default=None, description="When it began, as the provider heard it.")
    ended_ms: int | None = Field(default=None, description="When it ended.")


class UserWrote(_Event):
    """What somebody has typed."""

    type: Literal["user.wrote"] = "user.wrote"
    participant: str
    text: str


class UserDialled(_Event):
    """Keys that were pressed on a telephone, as one; the terminator is not among them."""

    type: Literal["user.dialled"] = "user.dialled"
    participant: str
    digits: str
    started_ms: int = Field(description="When the first key was pressed.")
    ended_ms: int = Field(description="When the last one was.")


class UserPressed(_Event):
    """An answer on a card, or a form that was sent."""

    type: Literal["user.pressed"] = "user.pressed"
    participant: str
    ref: str = Field(description="The card's, as `card.shown` has it.")
    title: str = Field(description="What stands on top of the card.")
    choice: str = Field(default="", description="The answer, in the card's words; of a confirmation `yes` or `no`.")
    values: dict[str, Any] = Field(default={}, description="What a form says, by key.")


class RepliesSwitched(_Event):
    """The caller wants to be answered so from now on."""

    type: Literal["replies.switched"] = "replies.switched"
    participant: str
    how: Literal["speech", "text"]


class UserShowed(_Event):
    """A picture or a document; agents speak of it by its `ref`: `photo-1`, `document-1`."""

    type: Literal["user.showed"] = "user.showed"
    participant: str
    ref: str
    description: str = Field(default="", description="What is on it, as far as it is known.")
    name: str = Field(default="", description="What the caller's device calls it, cleaned.")
    stream: str = Field(default="", description="The id that its sender gave it: a page finds its own by it.")
    files: tuple[str, ...] = Field(default=(), description="Its pictures among the call's files; empty: not kept.")
    pages: int = Field(default=0, description="Of a document: how many it has.")


class LookingStarted(_Event):
    """From now on an agent looks at the caller's camera or screen."""

    type: Literal["looking.started"] = "looking.started"
    participant: str
    source: Source
    agent: str


class LookingStopped(_Event):
    """Nobody looks any more. `off`: the caller shows it no longer; `unwatched`: who has the call does not look."""

    type: Literal["looking.stopped"] = "looking.stopped"
    participant: str = Field(default="", description="Whose it is; empty in journals of before several were looked at.")
    source: Source
    reason: Literal["off", "unwatched"]
    frames: int = Field(description="How many the model was given.")


class FrameGiven(_Event):
    """A frame of the caller's camera or screen that the model was given; `ref` is such as `screen-3`."""

    type: Literal["frame.given"] = "frame.given"
    participant: str
    ref: str
    source: Source
    why: Literal["words", "change"] = Field(
        description="It was taken for what the caller says, or as something changed."
    )
    width_px: int
    height_px: int
    files: tuple[str, ...] = Field(default=(), description="The picture among the call's files; empty: not kept.")


class PictureDescribed(_Event):
    """What is on a picture: told to a model that takes none, and to guards who check what a model has read there."""

    type: Literal["picture.described"] = "picture.described"
    ref: str
    by: str = Field(description="Who has looked: `eyes`, which read text and codes, or a sub-agent.")
    description: str = Field(description="Empty when there is none.")
    failed: str = Field(default="", description="Why there is none, as the end of a sentence.")


class AgentSaid(_Event):
    """What was heard of a reply, or read: `text` is cut where the caller interrupted."""

    type: Literal["agent.said"] = "agent.said"
    agent: str
    text: str
    item: str = Field(default="", description="The provider's id of the message; its caption's segment, too.")
    heard_ms: int = Field(description="How much of it was heard.")
    started_ms: int | None = Field(default=None, description="When its first sound went to the room.")
    interrupted: bool = Field(default=False, description="The caller did not hear all of it.")
    as_text: bool = Field(default=False, description="It was shown, and did not sound; `heard_ms` is how long it is.")
    latency_ms: int | None = Field(default=None, description="End of the caller's turn to first audio in the room.")


class ToolCalled(_Event):
    """The model asks for a tool, which begins."""

    type: Literal["tool.called"] = "tool.called"
    agent: str
    call_id: str
    tool: str
    arguments: dict[str, Any]
    parent: str = Field(default="", description="The call id of the sub-agent that did this; empty for others.")


class ToolFinished(_Event):
    """What came of a tool."""

    type: Literal["tool.finished"] = "tool.finished"
    agent: str
    call_id: str
    tool: str
    output: str = Field(description="What the model is told.")
    failed: bool = Field(default=False, description="`output` says why.")
    parent: str = Field(default="", description="As in `tool.called`.")
    arguments: dict[str, Any] = Field(default={}, description="Of a call that was answered without being run.")


class ModelUsed(_Event):
    """What a sub-agent's text model counted for one request."""

    type: Literal["model.used"] = "model.used"
    agent: str
    call_id: str = Field(description="The call of the sub-agent.")
    model: str
    replies: int
    input_tokens: int = Field(description="Those out of a cache included.")
    cached_tokens: int
    output_tokens: int


class CostUpdated(_Event):
    """What one reply, transcript or request to a sub-agent's model used up."""

    type: Literal["cost.updated"] = "cost.updated"
    agent: str
    provider: str
    model: str
    tokens: dict[str, int] = Field(description="By modality: `input_audio`, `cached_text`, `output_audio` …")
    transcribed_s: float = Field(default=0.0, description="Seconds of speech, where a transcriber counts these.")
    unpriced: tuple[str, ...] = Field(default=(), description="What of it has no price, and is not in `cost`.")
    cost: float | None = Field(description="None: nothing of it has a price.")
    total: float = Field(description="Of the call so far.")
    currency: str


class ToolProgressed(_Event):
    """How it goes with a tool that runs."""

    type: Literal["tool.progressed"] = "tool.progressed"
    agent: str
    call_id: str
    tool: str
    text: str


class CardShown(_Event):
    """This is before a caller with a screen: a tool has shown it, or a tool waits for their yes."""

    type: Literal["card.shown"] = "card.shown"
    agent: str
    call_id: str
    tool: str
    ref: str = Field(default="", description="What `user.pressed` names it by.")
    card: AnyCard


class CardClosed(_Event):
    """Nobody waits for an answer on this card any more."""

    type: Literal["card.closed"] = "card.closed"
    ref: str


class FileGiven(_Event):
    """A tool gives the caller a file or a picture; the bytes come by `stream`, on topic `baton.files`."""

    type: Literal["file.given"] = "file.given"
    agent: str
    call_id: str
    tool: str
    stream: str
    name: str
    mime: str
    bytes: int
    words: str = Field(description="What is on it.")


class HandoffDecided(_Event):
    """The call is to go from one agent to another."""

    type: Literal["handoff.decided"] = "handoff.decided"
    source: str
    target: str
    call_id: str = Field(default="", description="The tool call that asked for it; empty when it is the plan's.")


class HandoffDone(_Event):
    """It has: `target` has the call."""

    type: Literal["handoff.done"] = "handoff.done"
    source: str
    target: str


class HandoffFailed(_Event):
    """It has not: `source` has the call as before."""

    type: Literal["handoff.failed"] = "handoff.failed"
    source: str
    target: str
    reason: str = Field(description="Why it has not.")


class GuardBlocked(_Event):
    """A guard has not let something pass as it was. `action` is what came of it; `warn`: it passed all the same."""

    type: Literal["guard.blocked"] = "guard.blocked"
    agent: str
    guard: str
    place: Literal["output", "input", "tool"]
    action: Literal["block", "rewrite", "warn", "hand_over"]
    why: str = Field(description="What kind of thing it found.")
    item: str = Field(default="", description="The message, turn or tool call it was in.")
    text: str = Field(default="", description="What was found; empty unless the team wants it kept.")


class RecordingStarted(_Event):
    """From now on the call is recorded, or again. `began_ms`: where the file begins, on the journal's clock."""

    type: Literal["recording.started"] = "recording.started"
    file: str = Field(description="Its name among the call's files.")
    began_ms: int


class RecordingStopped(_Event):
    """The file goes on, silent, if the call does."""

    type: Literal["recording.stopped"] = "recording.stopped"
    file: str
    reason: str
    late_ms: int = Field(default=0, description="So much was to be muted when it had been written already.")
    lost_ms: int = Field(default=0, description="So much was not written in time, and is silent.")


class RecordingMuted(_Event):
    """One side is silent there; but not the first `late_ms`, which had been written already."""

    type: Literal["recording.muted"] = "recording.muted"
    side: Literal["caller", "agent"]
    from_ms: int
    to_ms: int
    late_ms: int = 0


class TaskDone(_Event):
    """An agent has done a step of the team file."""

    type: Literal["task.done"] = "task.done"
    agent: str
    task: str


class PlanStep(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    wish: str
    agent: str
    state: Literal["open", "active", "done", "dropped"]


class PlanChanged(_Event):
    """What the caller wants done, in order, as it now stands."""

    type: Literal["plan.changed"] = "plan.changed"
    steps: tuple[PlanStep, ...]


class MemoryCompacted(_Event):
    """The oldest turns in the model's memory were replaced by a summary; tokens are an estimate."""

    type: Literal["memory.compacted"] = "memory.compacted"
    items: int
    tokens_before: int
    tokens_after: int


class LineLost(_Event):
    """The connection to the model is gone."""

    type: Literal["line.lost"] = "line.lost"
    reason: str = Field(description="Why it is.")
    final: bool = Field(default=False, description="It is not restored: no provider can be reached.")


class LineRestored(_Event):
    """It is back."""

    type: Literal["line.restored"] = "line.restored"
    gap_ms: int = Field(description="How long it was gone.")


class LineSwitched(_Event):
    """Another session of a model, perhaps another model, holds the call."""

    type: Literal["line.switched"] = "line.switched"
    provider: str
    model: str
    why: str


class WatchdogFired(_Event):
    """Something was done about an answer that did not come."""

    type: Literal["watchdog.fired"] = "watchdog.fired"
    reason: str
    action: str = Field(
        description="What was done: [all there are](what-callers-hear-when-things-fail.md#where-it-is-written-down)."
    )


JournalEvent = Annotated[
    CallStarted
    | CallResumed
    | CallEnded
    | CallWarned
    | PersonCame
    | PersonLeft
    | AgentMuted
    | UserSaid
    | UserWrote
    | UserDialled
    | UserPressed
    | RepliesSwitched
    | UserShowed
    | LookingStarted
    | LookingStopped
    | FrameGiven
    | PictureDescribed
    | AgentSaid
    | ToolCalled
    | ToolFinished
    | ModelUsed
    | CostUpdated
    | ToolProgressed
    | CardShown
    | CardClosed
    | FileGiven
    | HandoffDecided
    | HandoffDone
    | HandoffFailed
    | GuardBlocked
    | RecordingStarted
    | RecordingStopped
    | RecordingMuted
    | TaskDone
    | PlanChanged
    | MemoryCompacted
    | LineLost
    | LineRestored
    | LineSwitched
    | WatchdogFired,
    Field(discriminator="type"),
]
journal_event: TypeAdapter[JournalEvent] = TypeAdapter(JournalEvent)
