"""What a team asks of its guards: what they look for, where, and what happens then. Checked when it is read."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, StringConstraints, field_validator, model_validator

from agents.strict import Name, Path, Spec, Text

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
Place = Literal["output", "input", "tool"]
Action = Literal["block", "rewrite", "warn", "hand_over"]
Personal = Literal["card_number", "email", "phone", "iban", "national_id", "secret"]
About = Literal["amount", "percentage", "date", "time", "number"]
KINDS = ("pattern", "words", "finds", "profanity", "claims", "topics", "judge", "python")


class ClaimsSpec(Spec):
    """What an agent says must be known: from a tool of this call, a fact, the caller, or the agent's instructions."""

    about: tuple[About, ...] = Field(
        default=get_args(About),
        min_length=1,
        description="What is compared, as values: amounts of money, percentages, dates and weekdays, times of day, other "
        "numbers.",
    )
    known: tuple[Text, ...] = Field(
        default=(), description="Texts with what may be said besides, such as a price list."
    )


class TopicsSpec(Spec):
    """What it is about, by nearness of meaning. With neither list, whatever the team's instructions, tools and handoffs tell
    of is allowed.
    """

    allowed: tuple[Text, ...] = Field(default=(), description="Topics; what is clearly about another one is found.")
    forbidden: tuple[Text, ...] = Field(default=(), description="Topics that are found.")
    examples: dict[str, tuple[Text, ...]] = Field(
        default={}, description="What is said about a topic, by topic. Three or more make it much surer."
    )
    nearness: float = Field(
        default=0.38,
        gt=0,
        lt=1,
        description="From how near on a sentence is about a forbidden topic: 1 is the same words.",
    )
    url: Url | None = Field(
        default=None,
        description="An endpoint of OpenAI's embeddings protocol; null: the embedded model's process on this machine.",
    )
    model: Text | None = Field(default=None, description="The model there.")
    key: Variable | None = Field(default=None, description="The variable that holds the key for `url`.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if strange := [topic for topic in self.examples if topic not in (*self.allowed, *self.forbidden)]:
            raise ValueError(
                f"`examples` of {strange[0]!r}, which is neither `allowed` nor `forbidden`; name it there."
            )
        if bool(self.url) != bool(self.model):
            raise ValueError("`url` and `model` go together: give both, or neither for the embedded one.")
        if self.key and not self.url:
            raise ValueError("`key` is there without `url`.")
        return self


class JudgeSpec(Spec):
    """A model that is asked, at any endpoint of OpenAI's chat or moderation protocol. A question alone asks OpenAI."""

    question: Text | None = Field(
        default=None, description="Asked of each passage, such that yes means: this must not pass. Or else:"
    )
    moderation: bool = Field(default=False, description="Ask a moderation endpoint, which knows its own categories.")
    categories: tuple[Text, ...] = Field(
        default=(), description="Of a moderation: those that count; none named: whatever it flags."
    )
    model: Text | None = Field(
        default=None, description="The model; null: `gpt-4.1-mini`, or `omni-moderation-latest` for a moderation."
    )
    url: Url | None = Field(default=None, description="Where; null: OpenAI, or OPENAI_BASE_URL.")
    key: Variable | None = Field(
        default=None, description="The variable that holds the key; null: OPENAI_API_KEY, and none for a `url`."
    )
    with_facts: bool = Field(
        default=False, description="Tell it what is known in this call too: to judge what is said against that."
    )
    answer: Literal["json_schema", "json_object", "text"] = Field(
        default="json_schema", description="How the endpoint is asked for a form; not all know `json_schema`."
    )

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if bool(self.question) == self.moderation:
            raise ValueError("give `question` or `moderation: true`, one of them.")
        if self.categories and not self.moderation:
            raise ValueError("`categories` go with `moderation: true`.")
        if self.with_facts and self.moderation:
            raise ValueError("a moderation endpoint takes no facts; leave out `with_facts`.")
        if self.url and not self.model:
            raise ValueError("`url` is there without `model`; name the model that is asked there.")
        return self


class GuardSpec(Spec):
    """A check. A name alone is a built-in one; a built-in one's name with other keys changes these of it."""

    name: Name = Field(description="Its name, in the journal; of an agent, in place of the team's guard of this name.")
    pattern: Text | tuple[Text, ...] | None = Field(
        default=None, description="A regular expression, or a list; one that takes longer than 20 ms blocks."
    )
    words: tuple[Text, ...] = Field(default=(), description="Words and phrases, as whole words, in any case.")
    finds: tuple[Personal, ...] = Field(
        default=(), description="What identifies a person or opens something, written or spoken, by its check digits."
    )
    profanity: tuple[Text, ...] = Field(default=(), description="Swear words of these languages, such as `english`.")
    claims: ClaimsSpec | None = Field(default=None, description="What is said against what is known. See below.")
    topics: TopicsSpec | None = Field(default=None, description="What it is about. See below.")
    judge: JudgeSpec | None = Field(default=None, description="A model is asked: a question, or a mapping. See below.")
    python: Path | None = Field(
        default=None,
        description="Dotted path of a function of a `Passage`, async or not: returns None, why it must not pass, or a "
        "`Finding`.",
    )
    on: tuple[Place, ...] = Field(
        default=("output",),
        min_length=1,
        description="What it judges: sentences of the agent (`output`), what the caller says and writes (`input`), calls of "
        "tools (`tool`). A word, or a list.",
    )
    action: Action = Field(
        default="block",
        description="`block`: it is not heard, and the agent says it another way; `rewrite`: what was found is taken out, "
        "or `say_instead` stands there; `warn`: it passes, and the journal tells; `hand_over`: to a person, by the team's "
        "`when_person_needed`.",
    )
    say_instead: Text | None = Field(default=None, description="What is said in its place.")
    deadline_ms: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="After that it blocks; 0: 2000 for a judge, topics or your own function, 500 for others.",
    )
    keep_text: bool = Field(
        default=False, description="Keep what was found in the journal, for whoever tunes the guard."
    )

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, given: Any) -> Any:
        """YAML takes the key `on` for a yes, and names of built-in guards stand for what they look for."""
        if not isinstance(given, dict):
            return given
        given = {"on" if key is True else key: value for key, value in given.items()}
        other = any(kind in given for kind in KINDS)
        built_in = BUILT_IN.get(str(given.get("name")), {})
        return {**{key: value for key, value in built_in.items() if not (other and key in KINDS)}, **given}

    @field_validator("on", mode="before")
    @classmethod
    def _place_alone(cls, on: Any) -> Any:
        return (on,) if isinstance(on, str) else on

    @field_validator("judge", mode="before")
    @classmethod
    def _question_alone(cls, judge: Any) -> Any:
        return {"question": judge} if isinstance(judge, str) else judge

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        import regex  # 2 MB that teams without a pattern do not need

        for one in listed(pattern):
            try:
                compiled = regex.compile(one)
            except regex.error as error:
                raise ValueError(f"{one!r} is not a regular expression: {error}") from error
            if compiled.search(""):
                raise ValueError(
                    f"{one!r} matches where nothing is, so that nothing would pass; ask for something more."
                )
        return pattern

    @field_validator("profanity")
    @classmethod
    def _has_lists(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if languages:
            from glin_profanity.data.dictionary import DictionaryLoader  # 4 MB

            known = DictionaryLoader.LANGUAGE_FILES
            if unknown := [language for language in languages if language not in known]:
                raise ValueError(
                    f"there is no list of swear words for {unknown[0]!r}. Languages: {', '.join(sorted(known))}."
                )
        return languages

    @property
    def kind(self) -> str:
        """The key that says what it looks for."""
        return next(kind for kind in KINDS if getattr(self, kind))

    @property
    def deadline_s(self) -> float:
        return (self.deadline_ms or (2000 if self.judge or self.topics or self.python else 500)) / 1000

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        match [kind for kind in KINDS if getattr(self, kind)]:
            case []:
                known = ", ".join(BUILT_IN)
                raise ValueError(
                    f"{self.name!r} says not what it looks for, and is no built-in guard. Give one of {', '.join(KINDS)}, "
                    f"or name one of: {known}."
                )
            case [first, second, *_]:
                raise ValueError(f"{self.name!r} has `{first}` and `{second}`; make two guards of it.")
        if self.claims and set(self.on) != {"output"}:
            raise ValueError(
                f"{self.name!r} compares what the agent says with what is known: `on` can only be `output`."
            )
        if self.action == "rewrite":
            self._check_rewrite()
        return self

    def _check_rewrite(self) -> None:
        if "tool" in self.on and not self.python:
            raise ValueError(
                f"{self.name!r} cannot rewrite what a tool is called with; only a `python` guard can. Use `block`."
            )
        if not (self.say_instead or self.python or self.pattern or self.words or self.finds or self.profanity):
            raise ValueError(f"{self.name!r} has nothing to write in its place; give `say_instead`.")


BUILT_IN: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "card_numbers": {"finds": ["card_number"]},
        "personal_data": {"finds": ["card_number", "email", "phone", "iban", "national_id"]},
        "secrets": {"finds": ["secret"]},
        "profanity": {"profanity": ["english"]},
        "claims": {"claims": {}},
        "off_topic": {
            "topics": {},
            "on": "input",
            "say_instead": "I am sorry, I cannot help with that here. What else can I do for you?",
        },
    }
)


def listed(pattern: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """A pattern alone as a list of one."""
    return (pattern,) if isinstance(pattern, str) else pattern or ()


def names_alone(guards: Any) -> Any:
    """Guards that are a name alone, as mappings."""
    return [{"name": one} if isinstance(one, str) else one for one in guards] if isinstance(guards, list) else guards


def of_agent(team: Iterable[GuardSpec], own: Iterable[GuardSpec], without: Iterable[str]) -> tuple[GuardSpec, ...]:
    """The guards of an agent: the team's, less those it does without, and its own, in place of those of the same name."""
    guards = {guard.name: guard for guard in team if guard.name not in set(without)}
    return tuple({**guards, **{guard.name: guard for guard in own}}.values())


def twice(guards: Iterable[GuardSpec]) -> tuple[int, str] | None:
    """The first guard whose name another before it bears: its place, and the name."""
    seen = set[str]()
    for number, guard in enumerate(guards):
        if guard.name in seen:
            return number, guard.name
        seen.add(guard.name)
    return None
