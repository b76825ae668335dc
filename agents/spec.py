"""A team as its file describes it: checked whole when it is read."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Voice = Literal["warm", "calm", "bright", "deep"]
Provider = Literal["auto", "local", "openai"]


class SpecError(Exception):
    """A team file cannot be used. The message names file, line, key and value, and the way out."""


class Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HandoffSpec(Spec):
    """To whom an agent may hand the caller over."""

    to: Name = Field(description="The agent who takes the caller.")
    when: Text = Field(description="The condition, in a sentence the model reads.")
    examples: tuple[Text, ...] = Field(default=(), description="What callers say who want this.")
    announce: bool = Field(default=False, description="Say so first; else the next agent simply goes on.")


class AgentSpec(Spec):
    """One agent: what it is told, what it may call, to whom it may hand the caller over."""

    name: Name
    voice: Voice = Field(default="warm", description="A role; each provider's profile maps it to one of its voices.")
    instructions: Text = Field(description="A file beside the team's, or the text itself.")
    tools: tuple[Text, ...] = Field(default=(), description="Dotted paths of function tools.")
    handoffs: tuple[HandoffSpec, ...] = ()


class TeamSpec(Spec):
    """Agents who hold a call together."""

    team: Name
    start: Name = Field(description="Who answers.")
    model: Provider = Field(default="auto", description="`auto`: a provider whose key is set, else the embedded one.")
    agents: dict[Name, AgentSpec] = Field(min_length=1)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        known = ", ".join(self.agents)
        if self.start not in self.agents:
            raise ValueError(f"start: there is no agent {self.start!r}. Agents: {known}.")
        for agent in self.agents.values():
            targets = [to.to for to in agent.handoffs]
            for number, target in enumerate(targets):
                where = f"agents.{agent.name}.handoffs.{number}.to"
                if target not in self.agents:
                    raise ValueError(f"{where}: there is no agent {target!r}. Agents: {known}.")
                if target == agent.name:
                    raise ValueError(f"{where}: {target!r} cannot hand over to itself.")
                if target in targets[:number]:
                    raise ValueError(f"{where}: {target!r} is there twice; join the two.")
        if lost := set(self.agents) - self._reachable():
            name = min(lost)
            raise ValueError(f"agents.{name}: nobody hands over to {name!r}, and it does not start.")
        return self

    def _reachable(self) -> set[str]:
        found, new = set[str](), {self.start}
        while new:
            found |= new
            new = {to.to for name in new for to in self.agents[name].handoffs} - found
        return found
