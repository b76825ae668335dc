"""Which part of a long memory is to be replaced by a summary. Pure.

A provider reads its whole memory for each reply: its bill grows with the square of the call's length, and at the end of
its window it drops what is oldest, whatever that is. A memory that has outgrown its budget is therefore brought down to
half of it, and left alone until it has grown again: each time, the provider reads anew what it has read before.
"""

from collections.abc import Set

from agents.memory import MemorySpec
from worker.line.memory import Called, Entry, Frame, Memory, Returned, Said, Shown, is_summary, is_wordless, turn_starts

# https://developers.openai.com/api/docs/guides/realtime-costs, November 2026: a token for 100 ms of the caller's audio, and
# for 50 ms of the model's. A transcript of the caller's audio is not the model's; the words of its own are counted with it.
_CALLER_MS, _MODEL_MS = 100, 50
_BYTES = 4  # of text to a token, English; the price list points to a tokenizer, which is not worth its weight here
_ITEM = 4  # the tokens that each item has beside its content
_KEPT = 2  # brought down to one of so many parts of the budget
_WORTH = 4  # one of so many parts: less is not worth reading everything anew


def tokens(entry: Entry, audio_ms: int = 0) -> int:
    """An estimate of what an entry costs in each reply; `audio_ms`: it is remembered as so much sound."""
    match entry:
        case Said(role="user") if audio_ms:
            return _ITEM + -(-audio_ms // _CALLER_MS)
        case Said(text=text):
            return _ITEM + _text(text) + -(-audio_ms // _MODEL_MS)
        case Called(name=name, arguments=arguments):
            return _ITEM + _text(name) + _text(arguments)
        case Returned(output=output):
            return _ITEM + _text(output)
        case Shown(text=text) | Frame(text=text):
            return _ITEM + _text(text)  # how many pictures stay is a rule of its own: no words give way to them


def size(memory: Memory) -> int:
    """What the model remembers now, in tokens."""
    return sum(tokens(entry, memory.audio_ms(entry.item)) for entry in memory.held())


def outgrown(memory: Memory, limits: MemorySpec, unwritten: Set[str] = frozenset()) -> frozenset[str]:
    """The items to summarise now, none while there is no need to. All of them come before the last `keep_turns`.

    Speech that is in no transcript yet (`unwritten`), summaries and frames stay, and a tool call stays while its result
    does. To be asked when no tool runs: a call that has no result will not get one.
    """
    total = size(memory)
    entries = [entry for entry in memory.held() if not (is_summary(entry) or isinstance(entry, Frame))]
    noise = {entry.item for entry in entries if is_wordless(entry)} - unwritten
    turns = [place for place in turn_starts(entries) if entries[place].item not in noise]
    ends = turns[: -limits.keep_turns + 1 or None]
    if total <= limits.budget_tokens or not ends:
        return frozenset()
    results = {entry.call_id: place for place, entry in enumerate(entries) if isinstance(entry, Returned)}
    old, gain = list[Entry](), 0
    for end in ends:
        old = [
            entry
            for entry in entries[:end]
            if entry.item not in unwritten and not (isinstance(entry, Called) and results.get(entry.call_id, 0) >= end)
        ]
        gain = sum(tokens(entry, memory.audio_ms(entry.item)) for entry in old)
        if total - gain <= limits.budget_tokens // _KEPT:
            break
    return frozenset(entry.item for entry in old) if gain >= limits.budget_tokens // _WORTH else frozenset()


def _text(text: str) -> int:
    return -(-len(text.encode()) // _BYTES)
