"""What an hour of talk costs with a model, computed from the table of prices: for docs/costs.md.

python -m worker.line.hour
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from worker.line.cost import Price, billed, cost, shipped
from worker.line.events import Usage


@dataclass(frozen=True, slots=True)
class Talk:
    """An hour, as it goes: so many turns; of each the caller speaks, then the agent; the rest is silence."""

    turns: int = 180
    caller_s: float = 8.0
    agent_s: float = 8.0
    instructions: int = 1500  # tokens of text in front of each reply, tools included
    memory: int = 8000  # tokens of talk, of which the oldest are summarised, down to half: `memory.budget_tokens`
    kept_turns: int = 12  # that are left at least: `memory.keep_turns`
    summary: int = 300  # tokens
    words_per_s: float = 2.5
    tokens_per_word: float = 1.3


USUAL = Talk()


@dataclass(frozen=True, slots=True)
class Meter:
    """How a provider counts speech, in tokens a second, and whether it bills again for less what it has read before."""

    caller: int
    agent: int
    caches: bool
    hears_silence: bool  # all of the microphone counts, not only what its voice detection finds


OPENAI = Meter(caller=10, agent=20, caches=True, hears_silence=False)
GEMINI = Meter(caller=25, agent=25, caches=False, hears_silence=True)
METERS: Mapping[str, Meter] = {"openai": OPENAI, "azure": OPENAI, "local": OPENAI, "gemini": GEMINI}


def hour(price: Price, meter: Meter, talk: Talk = USUAL, *, cached: bool = True) -> float:
    """What an hour costs. `cached`: the provider finds again all that it has read before, where it ever does.

    Each reply reads the instructions and all that the model remembers of the talk.
    """
    turn_s = 3600 / talk.turns
    heard = round((turn_s - talk.agent_s if meter.hears_silence else talk.caller_s) * meter.caller)
    spoken = round(talk.agent_s * meter.agent)
    words = round(talk.agent_s * talk.words_per_s * talk.tokens_per_word)
    written = round(talk.caller_s * talk.words_per_s * talk.tokens_per_word)
    remembered = deque[tuple[int, int]]()  # of each turn: tokens of speech, of text
    read_text = read_audio = summary = 0  # by the last reply, if nothing was summarised since
    total = 0.0
    for _ in range(talk.turns):
        audio = sum(speech for speech, _ in remembered) + heard
        text = talk.instructions + summary + sum(text for _, text in remembered)
        found = cached and meter.caches
        usage = Usage(
            input_text=text,
            input_audio=audio,
            cached_text=read_text if found else 0,
            cached_audio=read_audio if found else 0,
            output_audio=spoken,
            output_text=words,
            transcribed=round(talk.caller_s * 10),
            transcript=written,
        )
        money, unpriced = cost(price, billed(usage))
        if money is None or unpriced:
            raise ValueError(f"there is no price for {', '.join(unpriced)}")
        total += money
        read_text, read_audio = text, audio
        remembered.append((heard + spoken, words))
        if sum(map(sum, remembered)) + summary > talk.memory:
            summary = talk.summary
            while sum(map(sum, remembered)) + summary > talk.memory / 2 and len(remembered) > talk.kept_turns:
                remembered.popleft()
            read_text, read_audio = talk.instructions, 0  # what comes after the summary is read as new
    return total


def table() -> str:
    """Markdown: a row a model that can hold a call, with and without a provider that finds again what it has read."""
    rows = ["| model | an hour | without a cache |", "|---|---|---|"]
    for name, price in shipped().models.items():
        provider, _, model = name.partition("/")
        if (meter := METERS.get(provider)) is None or (price.input_audio is None and price.output_audio is None):
            continue
        best, worst = hour(price, meter), hour(price, meter, cached=False)
        rows.append(f"| {provider} `{model}` | {best:.2f} | {worst:.2f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
