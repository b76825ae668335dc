"""A team that asks for consent to be recorded: a fact, and a task of the agent who answers. Pure."""

from agents.recording import ASKED, CONSENT
from agents.spec import FactSpec, SpecError, TaskSpec, TeamSpec


def with_consent(team: TeamSpec) -> TeamSpec:
    """The team, its first agent asking, where `recording: {when: consent}`. A fact of the team's own is taken as it is.

    Raises SpecError when that fact is no yes or no.
    """
    if team.recording.when != "consent":
        return team
    asked = team.facts.get(CONSENT) or FactSpec(type="yes_no", description=ASKED)
    if asked.type != "yes_no":
        raise SpecError(f"facts.{CONSENT}: recording waits for a yes or no; write `type: yes_no`, not {asked.type!r}.")
    first = team.agents[team.start]
    if CONSENT not in {name for task in first.tasks for name in task.collect}:
        task = TaskSpec(id=CONSENT, collect=(CONSENT,))
        first = first.model_copy(update={"tasks": (task, *first.tasks)})
    return team.model_copy(
        update={"facts": {**team.facts, CONSENT: asked}, "agents": {**team.agents, team.start: first}}
    )
