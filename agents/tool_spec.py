"""Tools, MCP servers and sub-agents as a team's file names them."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from agents.strict import Name, Path, Spec, Text

FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]  # as models take them
McpTool = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}\.\S+$")]  # server.tool
WhileRunning = Annotated[
    Literal["wait", "filler", "background"],
    Field(
        description="`wait`: silence until it is done, for nine seconds at most; `filler`: a word after a moment; "
        "`background`: the conversation goes on, the result is news."
    ),
]
Result = Annotated[
    Literal["speak", "when_idle", "silent"],
    Field(description="Told at once, when nobody has anything else to say, or only remembered."),
]


class McpSpec(Spec):
    """An MCP server: a program that is started here, or an address. Of its tools, agents may call those they name."""

    command: tuple[Text, ...] = Field(default=(), description="The program and its arguments; it is spoken to by pipe.")
    env: dict[str, str] = Field(
        default={}, description="Its variables, beside `PATH`, `HOME` and the like; see `headers`."
    )
    url: str | None = Field(
        default=None, pattern=r"^(https?://|\$\{)\S+$", description="Where it is reached by HTTP (streamable)."
    )
    headers: dict[str, str] = Field(
        default={}, description="Sent with every request. `${NAME}` is the value of a variable of yours, in `url` too."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("give `command` or `url`, one of them.")
        if (self.headers and not self.url) or (self.env and not self.command):
            raise ValueError("`env` goes with `command`, `headers` with `url`.")
        return self


class ToolSpec(Spec):
    """A tool of an agent, and how it runs beside the conversation. A dotted path alone means all defaults."""

    tool: Path | None = Field(default=None, description="Dotted path of a `@function_tool` function; or else:")
    mcp: McpTool | None = Field(default=None, description="A tool of an MCP server: `server.tool`.")
    name: FunctionName | None = Field(
        default=None, description="What the model calls an MCP tool whose own name is taken, or none it can use."
    )
    effect: Literal["read", "write"] = Field(
        default="read",
        description="`write` changes the world: the same decision is carried out once, and never cancelled.",
    )
    keyed: bool = Field(
        default=False,
        description="It stores what it does with its `idempotency_key`, and does nothing twice: after the crash of a worker "
        "it is asked again what came of it. Of other writes that were under way then, the caller hears that it is unknown.",
    )
    confirm: bool = Field(
        default=False,
        description="Carried out when it was read back, the caller has spoken since, and it is asked for again.",
    )
    asks: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)] | None = Field(
        default=None,
        description="With `confirm`: what stands on the card on which a caller with a screen may press yes or no, such as "
        "`Send this back?`; null: the tool's name.",
    )
    timeout_s: float = Field(default=30.0, gt=0, le=600, description="Seconds after which it has failed.")
    while_running: WhileRunning = "filler"
    result: Result = "speak"
    claims: tuple[Text, ...] = Field(
        default=(),
        description="How an agent says that it is done, such as `your return is open`. Said before the tool has done it, "
        "it is put right.",
    )

    @property
    def ref(self) -> str:
        """What the file calls it."""
        return self.tool or self.mcp or ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.tool) == bool(self.mcp):
            raise ValueError("give `tool` or `mcp`, one of them.")
        if self.name and not self.mcp:
            raise ValueError("`name` is for MCP tools; a function bears its own.")
        return self


class SubAgentSpec(Spec):
    """A sub-agent, called like a tool, and how it runs beside the conversation. A name alone means all defaults."""

    agent: Name = Field(description="The agent that is asked.")
    timeout_s: float | None = Field(
        default=None, gt=0, le=600, description="Seconds after which it has failed; null: the sub-agent's own."
    )
    while_running: WhileRunning = "filler"
    result: Result = "speak"
