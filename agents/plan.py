"""Several wishes of a caller, in order, and which agent deals with each. Pure."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

MAKE = "make_plan"
SETTLE = "step_done"
MOST = 8
JUST_NOW = "what the caller asked for just now"
NEXT = "The caller's next wish"  # how a note begins that names it

State = Literal["open", "active", "done", "dropped"]


@dataclass(frozen=True, slots=True)
class Step:
    """One wish, in the caller's words; `after`: places in the plan, from 0, that are to be settled before it.

    `quiet`: a sub-agent deals with it while people talk; `run` is the call of the tool that asks it, once it is active.
    """

    agent: str
    wish: str
    after: tuple[int, ...] = ()
    state: State = "open"
    quiet: bool = False
    run: str = ""


class PlanError(Exception):
    """A proposal that cannot be a plan; the message is for the model."""


class Plan:
    """At most one step is active, quiet ones aside. What is settled stays in the plan, so that it can be shown."""

    def __init__(self) -> None:
        self.steps: tuple[Step, ...] = ()

    @property
    def active(self) -> Step | None:
        return next((step for step in self.steps if step.state == "active" and not step.quiet), None)

    @property
    def next(self) -> Step | None:
        """The first step that waits for nothing but its turn."""
        return self._first(quiet=False)

    @property
    def next_quiet(self) -> Step | None:
        """The first that can be dealt with while people talk."""
        return self._first(quiet=True)

    @property
    def running(self) -> frozenset[str]:
        """The calls of what is being dealt with quietly."""
        return frozenset(step.run for step in self.steps if step.quiet and step.state == "active")

    def propose(self, arguments: str, agents: Collection[str], proposer: str, quiet: Collection[str] = ()) -> None:
        """Takes the model's proposal in place of what is not settled yet. `quiet`: sub-agents that may get a step too.

        Raises PlanError, and changes nothing then.
        """
        settled = tuple(replace(step, after=()) for step in self.steps if step.state in ("done", "dropped"))
        wanted = _read(arguments, [*agents, *quiet], proposer, offset=len(settled))
        wanted = [replace(step, quiet=step.agent in quiet) for step in wanted]
        if len(wanted) < 2 and not (len(settled) < len(self.steps)):
            raise PlanError("A plan has two wishes or more. Deal with this one yourself, or hand the caller over.")
        active = self.active
        going_on = next((step for step in wanted if active and _same(step, active)), None)
        kept = [replace(step, state="active") if step is going_on and not step.after else step for step in wanted]
        running = {(step.agent, _wish(step)): step.run for step in self.steps if step.quiet and step.state == "active"}
        kept = [
            replace(step, state="active", run=run) if (run := running.pop((step.agent, _wish(step)), "")) else step
            for step in kept
        ]
        gone = [
            replace(step, state="dropped", after=())
            for step in self.steps
            if step.state in ("open", "active") and not any(_same(step, other) for other in wanted)
        ]
        moved = [replace(step, after=tuple(place + len(gone) for place in step.after)) for step in kept]
        self.steps = (*settled, *gone, *moved)

    def begin(self, step: Step, run: str = "") -> None:
        assert step.quiet or self.active is None, "one step at a time"
        self._set(step, "active", run)

    def settle_quiet(self, run: str, state: Literal["done", "dropped"]) -> None:
        """What a sub-agent was asked for a step is over."""
        if step := next((step for step in self.steps if step.run == run and step.state == "active"), None):
            self._set(step, state, run)

    def restore(self, former: tuple[Step, ...]) -> None:
        """Everything as it was, but for what has come to its end quietly meanwhile."""
        states = {step.run: step.state for step in self.steps if step.run}
        self.steps = tuple(replace(step, state=states[step.run]) if step.run in states else step for step in former)

    def settle(self, state: Literal["done", "dropped"]) -> None:
        """The active step is over."""
        if active := self.active:
            self._set(active, state)

    def handed_over(self, agent: str) -> None:
        """The caller is with an agent the plan did not send them to: what they want there comes first."""
        if active := self.active:
            if active.agent == agent:
                return
            self._set(active, "open")
        elif self.next is None:
            return
        waiting = [step for step in self.steps if step.state == "open" and not step.quiet]
        if theirs := next((step for step in waiting if step.agent == agent), None):
            self._set(theirs, "active")
        else:
            here = next(place for place, step in enumerate(self.steps) if step is waiting[0])
            moved = [replace(step, after=tuple(place + (place >= here) for place in step.after)) for step in self.steps]
            inserted = Step(agent, JUST_NOW, state="active")
            self.steps = (*moved[:here], inserted, *moved[here:])

    def _set(self, step: Step, state: State, run: str = "") -> None:
        place = next(place for place, known in enumerate(self.steps) if known is step)
        self.steps = (*self.steps[:place], replace(step, state=state, run=run), *self.steps[place + 1 :])

    def _first(self, *, quiet: bool) -> Step | None:
        open_ = (step for step in self.steps if step.quiet is quiet and step.state == "open")
        return next((step for step in open_ if self._ready(step)), None)

    def _ready(self, step: Step) -> bool:
        return all(self.steps[place].state in ("done", "dropped") for place in step.after)


def schema(agents: Collection[str], me: str) -> dict[str, Any]:
    """The parameters of `make_plan`, as agent `me` sees them."""
    step = {
        "type": "object",
        "properties": {
            "wish": {"type": "string", "description": "What the caller wants, in their words, with all they told."},
            "agent": {"type": "string", "enum": sorted(agents), "default": me},
            "after": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1},
                "description": "Numbers of the steps that must be settled first, if any.",
            },
        },
        "required": ["wish"],
    }
    return {"steps": {"type": "array", "items": step, "maxItems": MOST}}


def _read(arguments: str, agents: Collection[str], proposer: str, *, offset: int) -> list[Step]:
    try:
        given = json.loads(arguments or "{}")
        items = given["steps"]
    except (ValueError, KeyError, TypeError):
        raise PlanError("`steps` is needed: a list of {wish, agent, after}.") from None
    if not isinstance(items, list) or len(items) > MOST:
        raise PlanError(f"`steps` is a list of at most {MOST}.")
    return [_step(number, item, agents, proposer, offset) for number, item in enumerate(items, 1)]


def _step(number: int, item: Any, agents: Collection[str], proposer: str, offset: int) -> Step:
    if not isinstance(item, Mapping) or not str(item.get("wish") or "").strip():
        raise PlanError(f"Step {number} has no `wish`.")
    agent = item.get("agent") or proposer
    if agent not in agents:
        raise PlanError(f"Step {number}: there is no agent {agent!r}. Agents: {', '.join(sorted(agents))}.")
    after = item.get("after") or []
    if not isinstance(after, list) or not all(isinstance(one, int) and 1 <= one < number for one in after):
        raise PlanError(f"Step {number}: `after` names steps before it, by their numbers.")
    return Step(agent, str(item["wish"]).strip(), tuple(offset + one - 1 for one in after))


def _same(one: Step, other: Step) -> bool:
    return (one.agent, _wish(one)) == (other.agent, _wish(other))


def _wish(step: Step) -> str:
    """However it is written: instructions name a wish without its full stop."""
    return step.wish.casefold().rstrip(" .")
