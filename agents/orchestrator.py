"""Who has the call, and what becomes of the model's tool calls. Pure: events in, commands out; no I/O, no clock."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from agents import claims, handoff, plan, sub_agent
from agents.commands import Answer, Begin, Cancel, Command, Delegate, Entered, RollBack, Run, Switch, TaskDone
from agents.facts import Facts
from agents.plan import Plan, PlanError, Step
from agents.roles import HandoffRules, Role, ToolRules
from agents.snapshot import Decision, Running, Snapshot
from agents.spec import FactSpec
from agents.tasks import Procedure

HANDOFF_LIMIT = 4  # without a word of the caller in between: agents that pass them round in a circle are stopped
NOTE = "note_facts"
STOP = "stop_waiting"
OURS = "plan_"  # how a call begins that no model has made
CONFIRM = (
    "Not done yet. Read the values back and ask the caller to confirm. After a yes, call it again with the same values."
)
STUMBLED = (
    "Not settled: its tool has failed. Ask the caller for what would put that right, or call this with `dropped`."
)


@dataclass(frozen=True, slots=True)
class _Decision:
    """A tool call by its meaning: two of them with the same arguments are one."""

    agent: str
    tool: str
    arguments: str


class Orchestrator:
    """One agent has the call, or a handoff is on its way to the next: never neither, never both.

    `epoch` counts the attempts to change who speaks; what belongs to an older one is stale.
    """

    def __init__(self, roles: Mapping[str, Role], start: str, facts: Mapping[str, FactSpec] | None = None) -> None:
        self._roles = roles
        self._procedures = {name: Procedure(role.tasks) for name, role in roles.items()}
        self._facts = Facts(facts or {})
        self._plan = Plan()
        self._delegated = 0  # so far
        self._stumbled = False  # the last tool of the wish that is being dealt with has failed
        self._former_steps: tuple[Step, ...] = ()  # the plan again, if the handoff under way fails
        self.agent = start  # who has the call: the next one from the decision on, so that nobody else begins to speak
        self.epoch = 0
        self._leaving: str | None = None  # who had it, while the handoff is not settled
        self._held = {start}
        self._handoffs = 0
        self._turn = 0
        self._running: dict[str, _Decision] = {}
        self._slow = set[str]()
        self._joined: dict[str, list[str]] = {}
        self._arguments: dict[str, str] = {}
        self._proposed: dict[tuple[str, str], tuple[_Decision, int]] = {}
        self._agreed: dict[
            tuple[str, str], tuple[int, str]
        ] = {}  # a yes by hand: in which turn, and to which arguments
        self._written: dict[_Decision, tuple[int, str]] = {}
        self._done: dict[str, list[Mapping[str, Any]]] = {}  # what tools have done, by their arguments

    @property
    def switching(self) -> bool:
        return self._leaving is not None

    @property
    def leaving(self) -> str | None:
        """Who had the call, while a handoff is not settled."""
        return self._leaving

    @property
    def facts(self) -> dict[str, Any]:
        """What the call has established; tools may add to it."""
        return self._facts.values

    @property
    def plan(self) -> tuple[Step, ...]:
        """What the caller wants, if it is several things."""
        return self._plan.steps

    @property
    def procedure(self) -> Procedure:
        """The present agent's."""
        return self._procedures[self.agent]

    @property
    def offered(self) -> frozenset[str]:
        """The tools that the present agent is offered now."""
        role, procedure = self._roles[self.agent], self.procedure
        tools = {tool for tool in role.tools if procedure.refusal(tool, self.facts) is None}
        handoffs = {handoff.tool_name(to) for to in role.handoffs}
        note = {NOTE} if procedure.collects or role.notes else set[str]()
        stop = {STOP} if self._slow.intersection(self._stoppable()) else set[str]()
        planning = {plan.MAKE} if len(self._roles) > 1 else set[str]()
        settle = {plan.SETTLE} if self._plan.active else set[str]()
        return frozenset(tools | handoffs | note | stop | planning | settle)

    def offerable(self, agent: str) -> frozenset[str]:
        """The tools that an agent may be offered at any time."""
        role = self._roles[agent]
        handoffs = {handoff.tool_name(to) for to in role.handoffs}
        note = {NOTE} if role.notes or any(task.collect for task in role.tasks) else set[str]()
        planning = {plan.MAKE, plan.SETTLE} if len(self._roles) > 1 else set[str]()
        return frozenset({STOP} | set(role.tools) | handoffs | note | planning)

    def snapshot(self) -> Snapshot:
        """All that `restore` needs."""
        return Snapshot(
            agent=self.agent,
            epoch=self.epoch,
            leaving=self._leaving,
            held=tuple(sorted(self._held)),
            handoffs=self._handoffs,
            turn=self._turn,
            facts=dict(self.facts),
            plan=self._plan.steps,
            former_plan=self._former_steps,
            delegated=self._delegated,
            stumbled=self._stumbled,
            running=tuple(
                Running(
                    call_id=call_id,
                    agent=one.agent,
                    tool=one.tool,
                    arguments=self._arguments.get(call_id, one.arguments),
                    joined=tuple(self._joined.get(call_id, ())),
                    slow=call_id in self._slow,
                )
                for call_id, one in self._running.items()
            ),
            proposed=tuple(_kept(one, turn) for one, turn in self._proposed.values()),
            written=tuple(_kept(one, turn, output) for one, (turn, output) in self._written.items()),
            done={tool: tuple(dict(one) for one in done) for tool, done in self._done.items()},
            carried_out={name: tuple(sorted(one.carried_out)) for name, one in self._procedures.items()},
        )

    def restore(self, known: Snapshot) -> None:
        """Goes on where another, of the same team, has stopped."""
        self.agent, self.epoch, self._leaving = known.agent, known.epoch, known.leaving
        self._held, self._handoffs, self._turn = set(known.held), known.handoffs, known.turn
        self._facts.values.update(known.facts)
        self._plan.steps, self._former_steps = known.plan, known.former_plan
        self._delegated, self._stumbled = known.delegated, known.stumbled
        for one in known.running:
            self._running[one.call_id] = _Decision(one.agent, one.tool, _canonical(one.arguments))
            if not one.call_id.startswith(OURS):
                self._arguments[one.call_id] = one.arguments
            if one.joined:
                self._joined[one.call_id] = list(one.joined)
            if one.slow:
                self._slow.add(one.call_id)
        self._proposed = {(one.agent, one.tool): (_decided(one), one.turn) for one in known.proposed}
        self._written = {_decided(one): (one.turn, one.output) for one in known.written}
        self._done = {tool: list(done) for tool, done in known.done.items()}
        for name, steps in known.carried_out.items():
            if name in self._procedures:
                self._procedures[name].restore(steps, self.facts)

    def unknown(self, call_id: str, output: str) -> None:
        """Nobody knows whether a tool has changed the world: until the caller has spoken, it is not run again."""
        if decision := self._running.get(call_id):
            self._written[decision] = (self._turn, output)

    def caller_spoke(self) -> None:
        """The caller took a turn: what agents do next answers it."""
        self._handoffs = 0
        self._turn += 1

    def agreed(self, agent: str, tool: str) -> None:
        """The caller has pressed yes, in the turn that is theirs now: what they saw is what is done."""
        if proposed := self._proposed.get((agent, tool)):
            self._agreed[agent, tool] = (self._turn, proposed[0].arguments)

    def told(self, values: Mapping[str, Any]) -> tuple[TaskDone, ...]:
        """What the caller has filled in: what steps ask for is known now."""
        asked = {name for procedure in self._procedures.values() for name in procedure.collects}
        for name in asked.intersection(values):
            with suppress(ValueError):  # the fact has to look otherwise: the agent asks again
                self._facts.note(name, values[name])
        return self._settle()

    def tool_requested(self, epoch: int, call_id: str, tool: str, arguments: str) -> tuple[Command, ...]:
        """The model calls a tool in a reply that was asked for in `epoch`."""
        if self.switching or epoch != self.epoch:
            return (_refused(call_id, tool, "The caller has been handed over meanwhile; this was not done."),)
        role = self._roles[self.agent]
        if (to := handoff.target(tool)) is not None:
            return (self._hand_over(role, call_id, tool, to),)
        if tool == plan.MAKE:
            return self._make_plan(call_id, arguments)
        if tool == plan.SETTLE:
            return (self._settle_step(call_id, arguments),)
        if tool == NOTE and (self.procedure.collects or role.notes):
            return self._note(call_id, arguments)
        if tool == STOP:
            stopped = self._stoppable()
            message = "It is stopped." if stopped else "Nothing runs that could be stopped."
            return (*(Cancel(running) for running in stopped), Answer(call_id, tool, message, failed=not stopped))
        if tool not in role.tools:
            known = ", ".join(sorted(role.tools)) or "none"
            return (_refused(call_id, tool, f"There is no tool {tool!r}. Tools: {known}."),)
        if why := self.procedure.refusal(tool, self.facts):
            return (_refused(call_id, tool, why),)
        return (self._run(role.tools[tool], call_id, tool, arguments),)

    def tool_is_slow(self, call_id: str) -> None:
        """From now on the caller may give up waiting for it. Until then, and for most tools, it is not worth an offer."""
        self._slow.add(call_id)

    def tool_finished(self, call_id: str, output: str, *, failed: bool) -> tuple[tuple[str, ...], tuple[TaskDone, ...]]:
        """A tool is over. Returns the calls that were joined to it, and the tasks that are done now."""
        self._slow.discard(call_id)
        decision = self._running.pop(call_id, None)
        joined = tuple(self._joined.pop(call_id, ()))
        arguments = self._arguments.pop(call_id, "")
        if decision is None:
            return joined, ()
        if call_id.startswith(OURS):
            self._plan.settle_quiet(call_id, "dropped" if failed else "done")
        else:
            self._stumbled = failed
        if failed:
            return joined, self._settle()
        if self._roles[decision.agent].tools[decision.tool].writes:
            self._written[decision] = (self._turn, output)
        self._done.setdefault(decision.tool, []).append(_values(arguments))
        self._facts.take(arguments)
        done = self._procedures[decision.agent].succeeded(decision.tool, self.facts)
        return joined, (*(TaskDone(decision.agent, task) for task in done), *self._settle())

    def unfounded(self, agent: str, text: str) -> tuple[str, ...]:
        """The tools whose work an agent has told as done, and that have not done it: not with the facts as they are now."""
        return tuple(
            tool
            for tool, rules in self._roles[agent].tools.items()
            if rules.claims and claims.claimed(text, rules.claims) and not self._has_done(tool)
        )

    def prepared(self, epoch: int) -> Entered | None:
        """The model has taken the next agent's part. None if that handoff is over already."""
        if self._leaving is None or epoch != self.epoch:
            return None
        source, self._leaving = self._leaving, None
        self._held.add(self.agent)
        return Entered(source, self.agent)

    def failed(self, epoch: int, reason: str) -> RollBack | None:
        """The next agent cannot be had. None if that handoff is over already."""
        if self._leaving is None or epoch != self.epoch:
            return None
        target, self.agent, self._leaving = self.agent, self._leaving, None
        self._plan.restore(self._former_steps)
        self.epoch += 1
        return RollBack(self.agent, target, self.epoch, reason)

    def idle(self) -> tuple[Command, ...]:
        """Nobody speaks, and nothing is waited for: the plan goes on by itself."""
        if self.switching or self._plan.active or (step := self._plan.next) is None:
            return ()
        self._plan.begin(step)
        self._stumbled = False
        if step.agent == self.agent:
            return (Begin(step.wish),)
        rules = self._roles[self.agent].handoffs.get(step.agent, HandoffRules())
        begun = self._plan.steps
        self._plan.settle("dropped")
        if rules.unless and (why := _why(rules.unless, self.facts)):
            return (Begin(step.wish, why),)
        switch = self._switch("", step.agent, rules)
        self._plan.steps = begun
        return (switch, Begin(step.wish))

    def _has_done(self, tool: str) -> bool:
        facts = self.facts
        return any(
            all(facts.get(name, value) == value for name, value in done.items()) for done in self._done.get(tool, ())
        )

    def delegate(self) -> tuple[Delegate, ...]:
        """The wishes of the plan that a sub-agent can deal with now."""
        found = list[Delegate]()
        while not self.switching and (step := self._plan.next_quiet):
            tool = sub_agent.tool_name(step.agent)
            asker = next(name for name in (self.agent, *self._roles) if tool in self._roles[name].tools)
            self._delegated += 1
            run = Delegate(f"{OURS}{self._delegated}", asker, tool, json.dumps({sub_agent.REQUEST: step.wish}))
            self._running[run.call_id] = _Decision(asker, tool, _canonical(run.arguments))
            self._plan.begin(step, run.call_id)
            found.append(run)
        return tuple(found)

    def _make_plan(self, call_id: str, arguments: str) -> tuple[Command, ...]:
        quiet = [rules.asks for rules in self._roles[self.agent].tools.values() if rules.asks]
        before = self._plan.running
        try:
            self._plan.propose(arguments, self._roles.keys(), self.agent, quiet)
        except PlanError as error:
            return (_refused(call_id, plan.MAKE, str(error)),)
        dropped = (before - self._plan.running).intersection(self._stoppable())
        told = Answer(call_id, plan.MAKE, "Planned. One wish after the other will be named to you.", False, quiet=True)
        return (*map(Cancel, sorted(dropped)), told)

    def _settle_step(self, call_id: str, arguments: str) -> Command:
        if self._plan.active is None:
            return _refused(call_id, plan.SETTLE, "No wish of a plan is open with you.")
        dropped = '"dropped"' in arguments
        if self._stumbled and not dropped:
            return Answer(call_id, plan.SETTLE, STUMBLED, failed=True)
        self._plan.settle("dropped" if dropped else "done")
        more = self._plan.next is not None
        last = (
            "The rest is being seen to; you will be told."
            if self._plan.running
            else "All wishes are settled. Ask whether there is anything else."
        )
        told = "The next wish follows." if more else last
        return Answer(call_id, plan.SETTLE, told, failed=False, quiet=more)

    def _run(self, rules: ToolRules, call_id: str, tool: str, arguments: str) -> Command:
        agreed = self._agreed.get((self.agent, tool))
        if agreed and agreed[0] == self._turn:
            arguments = agreed[1]
        decision = _Decision(self.agent, tool, _canonical(arguments))
        if first := next((running for running, same in self._running.items() if same == decision), None):
            self._joined.setdefault(first, []).append(call_id)
            return Answer(call_id, tool, "", failed=False)
        if rules.writes and (before := self._written.get(decision)) and before[0] == self._turn:
            return Answer(call_id, tool, before[1] or "Done.", failed=False)
        if rules.confirm:
            key = (self.agent, tool)
            proposed = self._proposed.get(key)
            if proposed is None or proposed[0] != decision or proposed[1] == self._turn:
                self._proposed[key] = (decision, self._turn)
                return Answer(call_id, tool, CONFIRM, failed=False)
            del self._proposed[key]
        self._running[call_id], self._arguments[call_id] = decision, arguments
        return Run(call_id, tool, arguments)

    def _note(self, call_id: str, arguments: str) -> tuple[Command, ...]:
        wrong = list[str]()
        try:
            given = json.loads(arguments or "{}")
            items = given.items() if isinstance(given, dict) else ()
        except ValueError:
            return (_refused(call_id, NOTE, "The arguments are no JSON object."),)
        for name, value in items:
            try:
                if value is not None:
                    self._facts.note(name, value)
            except ValueError as error:
                wrong.append(f"{name}: {error}.")
        done = self._settle()
        missing = [name for task in self.procedure.open for name in task.collect if name not in self.facts]
        told = " ".join([*wrong, f"Still to find out: {', '.join(missing)}." if missing else "That is all."])
        return (*done, Answer(call_id, NOTE, told, failed=bool(wrong)))

    def _settle(self) -> tuple[TaskDone, ...]:
        """The steps of all agents that the facts have settled."""
        return tuple(
            TaskDone(agent, task)
            for agent, procedure in self._procedures.items()
            for task in procedure.update(self.facts)
        )

    def _stoppable(self) -> list[str]:
        return [
            call
            for call, decision in self._running.items()
            if self._roles[decision.agent].tools[decision.tool].stoppable
        ]

    def _hand_over(self, role: Role, call_id: str, tool: str, to: str) -> Command:
        if to not in role.handoffs:
            known = ", ".join(role.handoffs) or "nobody"
            return _refused(call_id, tool, f"You cannot hand over to {to!r}. You may to: {known}.")
        rules = role.handoffs[to]
        if rules.unless and (why := _why(rules.unless, self.facts)):
            return _refused(call_id, tool, why)
        if self._handoffs >= HANDOFF_LIMIT:
            return _refused(
                call_id, tool, "The caller has been passed round often enough. Help them yourself, or say you cannot."
            )
        self._handoffs += 1
        switch = self._switch(call_id, to, rules)
        self._plan.handed_over(to)
        return switch

    def _switch(self, call_id: str, to: str, rules: HandoffRules) -> Switch:
        self._former_steps = self._plan.steps
        self.epoch += 1
        self._leaving, self.agent = self.agent, to
        return Switch(call_id, self._leaving, to, self.epoch, rules.announce, rules.share, returning=to in self._held)


def _kept(decision: _Decision, turn: int, output: str = "") -> Decision:
    return Decision(agent=decision.agent, tool=decision.tool, arguments=decision.arguments, turn=turn, output=output)


def _decided(kept: Decision) -> _Decision:
    return _Decision(kept.agent, kept.tool, kept.arguments)


def _refused(call_id: str, tool: str, message: str) -> Answer:
    return Answer(call_id, tool, message, failed=True)


def _why(unless: Callable[[Mapping[str, Any]], object], facts: Mapping[str, Any]) -> str:
    """Why a handoff is refused; empty if it is not. A team's own function that fails does not refuse."""
    try:
        found = unless(facts)
    except Exception:
        return ""
    return found if isinstance(found, str) else "This is not possible now; help the caller yourself." if found else ""


def _values(arguments: str) -> Mapping[str, Any]:
    try:
        given = json.loads(arguments or "{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _canonical(arguments: str) -> str:
    """Equal for equal values, however they are written."""
    try:
        return json.dumps(json.loads(arguments or "{}"), sort_keys=True)
    except ValueError:
        return arguments
