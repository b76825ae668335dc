"""How a call stands, for a worker that may take it over, without what may not be kept of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from agents.plan import Step
from agents.snapshot import Decision, Running, Snapshot
from worker.redaction.kept import Redaction
from worker.redaction.split import before_open_number
from worker.redaction.walk import Mask, masked_value


class KeptStanding:
    """The policy of one call, as its journal goes through it. For any thread."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction

    def standing(self, standing: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is no snapshot nobody can read: nothing is kept of it."""
        try:
            return kept(Snapshot.model_validate(standing), self._text).as_json()
        except ValidationError:
            return {}

    def moment(self, moment: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was heard so far may end within a number that nobody can see yet: that is left out."""
        text = str(moment.get("text", ""))
        return {**moment, "text": self._text(before_open_number(text))} if text else moment

    def _text(self, text: str) -> str:
        return self._redaction.standing(text)


def kept(snapshot: Snapshot, mask: Mask) -> Snapshot:
    """What people and tools made is masked; the names and ids that we, the team or the provider gave stay.

    A fact of which something is taken out is not known any more: it is asked for again.
    """
    return snapshot.model_copy(
        update={
            "facts": {name: fact for name, fact in snapshot.facts.items() if masked_value(fact, mask) == fact},
            "plan": _steps(snapshot.plan, mask),
            "former_plan": _steps(snapshot.former_plan, mask),
            "running": tuple(_running(run, mask) for run in snapshot.running),
            "proposed": tuple(_decision(made, mask) for made in snapshot.proposed),
            "written": tuple(_decision(made, mask) for made in snapshot.written),
            "done": masked_value(snapshot.done, mask),
            "carried_out": masked_value(snapshot.carried_out, mask),
        }
    )


def _steps(steps: tuple[Step, ...], mask: Mask) -> tuple[Step, ...]:
    return tuple(replace(step, wish=mask(step.wish)) for step in steps)


def _running(run: Running, mask: Mask) -> Running:
    arguments = _arguments(run.arguments, mask)
    return run.model_copy(update={"arguments": arguments, "whole": run.whole and arguments == run.arguments})


def _decision(made: Decision, mask: Mask) -> Decision:
    return made.model_copy(update={"arguments": _arguments(made.arguments, mask), "output": mask(made.output)})


def _arguments(arguments: str, mask: Mask) -> str:
    """JSON stays JSON; unchanged, if nothing is taken out."""
    try:
        given = json.loads(arguments or "{}")
    except ValueError:
        return mask(arguments)
    new = masked_value(given, mask)
    return arguments if new == given else json.dumps(new)
