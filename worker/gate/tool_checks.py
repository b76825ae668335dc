"""No tool runs with arguments that the guards have not let pass."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from livekit.agents import llm

from worker.gate.guard import Finding, Panel, Passage, gravest
from worker.journal import events as journal
from worker.team.toolbox import Outcome

_NO_VERDICT = Finding("guards", "block", "arguments that are no JSON object")


class ToolChecks:
    """Asks before each call of a tool, whoever makes it. `hand_over` calls a person, and returns what the caller is told.

    `told`: what guards may know of the call.
    """

    def __init__(
        self,
        panel: Panel,
        *,
        record: Callable[[journal.JournalEvent], None],
        told: Callable[[], Sequence[str]],
        hand_over: Callable[[Finding], Awaitable[str | None]],
    ) -> None:
        self._panel, self._record, self._told, self._hand_over = panel, record, told, hand_over

    async def check(self, agent: str, call: llm.FunctionToolCall) -> llm.FunctionToolCall | Outcome:
        """The call that is to be made, or why there is none."""
        if not self._panel.watches("tool", agent):
            return call
        try:
            arguments = llm.utils.parse_function_arguments(call.arguments or "{}")
        except ValueError:
            findings: Sequence[Finding] = (_NO_VERDICT,)
        else:
            text = json.dumps(arguments, ensure_ascii=False)
            told = tuple(self._told())
            passage = Passage("tool", agent, text, told=told, tool=call.name, arguments=arguments)
            findings = await self._panel.judge(passage)
        finding = gravest(findings)
        if finding and finding.action == "rewrite" and finding.arguments is None:
            finding = replace(finding, action="block")  # nobody knows what to call it with
        for one in findings:
            self._note(agent, call.call_id, one)
        if finding is None:
            return call
        if finding.arguments is not None and finding.action == "rewrite":
            return call.model_copy(update={"arguments": json.dumps(dict(finding.arguments))})
        said = await self._hand_over(finding) if finding.action == "hand_over" else finding.instead
        return Outcome(_refusal(finding, said), failed=True)

    def _note(self, agent: str, call_id: str, finding: Finding) -> None:
        self._record(
            journal.GuardBlocked(
                agent=agent,
                guard=finding.guard,
                place="tool",
                action=finding.action,
                why=finding.why,
                item=call_id,
                text=finding.text,
            )
        )


def _refusal(finding: Finding, said: str | None) -> str:
    told = f'Tell the caller: "{said}"' if said else "Tell the caller that it is not possible like this."
    return f"Not done, and nothing has changed: it may not be called like this ({finding.why}). {told}"
