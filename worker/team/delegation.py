"""What a team decides is done: its tools run, the model hears of it, and the caller is handed over."""

from collections.abc import Callable, Mapping

from livekit.agents import llm

from agents import context, handoff, plan
from agents.commands import Answer, Begin, Cancel, Command, Delegate, Entered, RollBack, Run, Switch, TaskDone
from agents.orchestrator import CONFIRM, Orchestrator
from agents.spec import TeamSpec
from agents.tool_spec import ToolSpec
from tools.context import ProgressMade
from tools.file import GivenFile
from worker.background import Start
from worker.cards import Cards
from worker.journal import events as journal
from worker.line.events import ToolRequested
from worker.line.line import Line
from worker.team.briefing import Briefing
from worker.team.tool_runs import ToolDone, ToolRuns, ToolTold
from worker.team.toolbox import Outcome, Toolbox
from worker.turns.arbiter import Reason
from worker.turns.replies import Replies


class Delegation:
    """Carries out the orchestrator's commands, and tells it what comes of them.

    `now_ms` is how old the call is; `audible`, whether an agent is being heard.
    """

    def __init__(
        self,
        team: TeamSpec,
        orchestrator: Orchestrator,
        briefing: Briefing,
        toolboxes: Mapping[str, Toolbox],
        tools: ToolRuns,
        line: Line,
        replies: Replies,
        cards: Cards,
        *,
        record: Callable[[journal.JournalEvent], None],
        now_ms: Callable[[], int],
        audible: Callable[[], bool],
    ) -> None:
        self._standby = team.standby
        self._orchestrator, self._briefing, self._toolboxes, self._tools = orchestrator, briefing, toolboxes, tools
        self._line, self._replies, self._cards = line, replies, cards
        self._record, self._now_ms, self._audible = record, now_ms, audible
        self._unshare: Callable[[], None] = lambda: None
        self._arguments = ""  # of the call that is being answered

    def tool_requested(self, event: ToolRequested, start: Start) -> None:
        """A reply calls a tool, or hands over."""
        if (epoch := self._replies.tool_requested(event.reply)) is None:
            return
        self._arguments = event.arguments
        for command in self._orchestrator.tool_requested(epoch, event.call_id, event.name, event.arguments):
            self.carry_out(command, start)

    def _run_tool(self, run: Run, start: Start) -> None:
        agent = self._orchestrator.agent
        called = journal.ToolCalled(agent=agent, call_id=run.call_id, tool=run.tool, arguments=_readable(run.arguments))
        self._record(called)
        self._cards.settle(agent, run.tool)
        self._tools.start(agent, run.call_id, run.tool, run.arguments, start)
        if self._toolboxes[agent].spec(run.tool).while_running == "background":
            self._line.give_result(run.call_id, run.tool, "It runs. Its result will come later; go on meanwhile.")
            self._replies.want(Reason.RESULT)
            self._offer_to_stop(run.call_id)

    def _ask(self, call_id: str, tool: str) -> None:
        """A tool waits for a yes. What stands on the card is what will be done."""
        agent = self._orchestrator.agent
        spec = self._toolboxes[agent].spec(tool)
        title = spec.asks if isinstance(spec, ToolSpec) and spec.asks else f"{tool.replace('_', ' ').capitalize()}?"
        self._cards.ask(agent, call_id, tool, title, self._arguments)

    def filled_in(self, values: Mapping[str, object]) -> None:
        """What the caller wrote on a form."""
        for task in self._orchestrator.told(values):
            self._record(journal.TaskDone(agent=task.agent, task=task.task))
        self.rearm()

    def _offer_to_stop(self, call_id: str) -> None:
        self._orchestrator.tool_is_slow(call_id)
        self.rearm()

    def tool_slow(self, call_id: str) -> None:
        """Nobody shall wonder whether the line is dead."""
        agent, tool = self._tools.what(call_id)
        if tool:
            self._offer_to_stop(call_id)
        if not tool or self._toolboxes[agent].spec(tool).while_running != "filler":
            return
        if self._tools.untold or not self._audible():
            self._replies.want(Reason.FILLER)

    def tool_told(self, told: ToolTold) -> None:
        """How it goes, or what the caller is to see."""
        agent, call_id, tool = told.agent, told.call_id, told.tool
        match told.thing:
            case ProgressMade(sentence):
                self._record(journal.ToolProgressed(agent=agent, call_id=call_id, tool=tool, text=sentence))
            case GivenFile() as file:
                self._cards.give(agent, call_id, tool, file)
            case card:
                self._cards.show(agent, call_id, tool, card)

    def tool_done(self, done: ToolDone) -> None:
        """The model is given the result, and tells it when it is wanted."""
        spec, outcome = self._toolboxes[done.agent].spec(done.tool), done.outcome
        if unseen := self._cards.unseen(done.call_id):
            outcome = Outcome(f"{outcome.output} {unseen}", outcome.failed)
        joined, tasks = self._orchestrator.tool_finished(done.call_id, outcome.output, failed=outcome.failed)
        if not self._tools.awaited:
            self._replies.drop(Reason.FILLER)
        if done.background:
            self.record_result(done.agent, done.call_id, done.tool, outcome)
            self._line.note(context.ended(done.tool, outcome.output))
        else:
            self._give_result(done.agent, done.call_id, done.tool, outcome)
        for call_id in joined:
            self._give_result(done.agent, call_id, done.tool, outcome)
        for task in tasks:
            self._record(journal.TaskDone(agent=task.agent, task=task.task))
        if spec.result == "when_idle" or done.background:
            if spec.result != "silent":
                self._replies.tell(outcome.output)
        elif spec.result == "speak":
            self._replies.want(Reason.RESULT)
        self.rearm()

    def _give_result(self, agent: str, call_id: str, tool: str, outcome: Outcome, arguments: str = "") -> None:
        self.record_result(agent, call_id, tool, outcome, arguments)
        self._line.give_result(call_id, tool, outcome.output)

    def record_result(self, agent: str, call_id: str, tool: str, outcome: Outcome, arguments: str = "") -> None:
        """`arguments`: of a call that was answered at once, and not run."""
        self._record(
            journal.ToolFinished(
                agent=agent,
                call_id=call_id,
                tool=tool,
                output=outcome.output,
                failed=outcome.failed,
                arguments=_readable(arguments),
            )
        )

    def carry_out(self, command: Command, start: Start) -> None:
        """What the orchestrator has decided."""
        match command:
            case Run():
                self._run_tool(command, start)
            case Answer(call_id, tool, message, failed, quiet):
                if message:
                    outcome = Outcome(message, failed=failed)
                    self._give_result(self._orchestrator.agent, call_id, tool, outcome, self._arguments)
                    if message == CONFIRM:
                        self._ask(call_id, tool)
                    if not quiet:
                        self._replies.want(Reason.RESULT)
                    self.rearm()
            case Delegate(call_id, asker, tool, arguments):
                self._record(
                    journal.ToolCalled(agent=asker, call_id=call_id, tool=tool, arguments=_readable(arguments))
                )
                self._tools.start(asker, call_id, tool, arguments, start, background=True)
                self._offer_to_stop(call_id)
            case Cancel(call_id):
                self._tools.cancel(call_id)
            case TaskDone(agent, task):
                self._record(journal.TaskDone(agent=agent, task=task))
            case Begin(wish, why_not):
                self._line.note(f'{plan.NEXT}: "{wish}"' + (f" It is not possible: {why_not}" if why_not else ""))
                if not self._orchestrator.switching:
                    self._replies.want(Reason.RESULT)
                    self.rearm()
            case _:
                self._hand_over(command)

    def _hand_over(self, command: Switch | Entered | RollBack) -> None:
        match command:
            case Switch(call_id, source, target, _, announce, share, returning):
                self._record(journal.HandoffDecided(source=source, target=target, call_id=call_id))
                self._cards.settle(source)
                if not announce:
                    self._replies.cut()
                if call_id:
                    self._line.give_result(call_id, handoff.tool_name(target), handoff.result(target))
                self._unshare = self._line.share(share, context.summary)
                self._arm()
                self._replies.want(Reason.ENTRY, handoff.entry_hint(source, returning=returning))
            case Entered(source, target):
                self._record(journal.HandoffDone(source=source, target=target))
                self.rearm()  # what was typed or found on the way
            case RollBack(source, target, _, reason):
                self._record(journal.HandoffFailed(source=source, target=target, reason=reason))
                self._replies.cut()
                self._unshare()
                self._arm()
                self._replies.want(Reason.ENTRY, handoff.entry_hint(target, refused=True))

    def rearm(self) -> None:
        """Facts, steps or references have changed: so does what the agent is told and offered."""
        if not self._orchestrator.switching and self._briefing.present() != self._line.armed:
            self._arm()

    def _arm(self) -> None:
        self._briefing.as_of_ms = self._now_ms()
        self._line.arm(self._briefing.present())

    def begun(self, epoch: int) -> None:
        """A reply that was asked for in this epoch begins: whoever was to take the call has it."""
        if command := self._orchestrator.prepared(epoch):
            self._hand_over(command)
        if self._standby != "on_decision" and not self._orchestrator.switching:
            self._line.expect(self._briefing.next(), loss=self._standby == "always")

    def not_begun(self, epoch: int, why: str) -> bool:
        """No reply of this epoch will come; returns whether that undoes a handoff."""
        command = self._orchestrator.failed(epoch, why)
        if command:
            self._hand_over(command)
        return command is not None


def _readable(arguments: str) -> dict[str, object]:
    """A model's arguments for the journal; what is no JSON object stands there as it came."""
    try:
        return llm.utils.parse_function_arguments(arguments or "{}")
    except ValueError:
        return {"unreadable": arguments}
