"""What belongs to every conversation, whatever it is about."""

import re

GOODBYE = "Thank you for calling. Goodbye!"
_TALK = (  # what is said, and what is answered; the first that matches
    (
        r"(bye|goodbye|bye bye|that'?s (?:all|it)|that is all|that was all|nothing else|no,? thank you|no,? thanks)",
        GOODBYE,
    ),
    (
        r"(thank you|thanks|cheers|great,? thanks?)( very much| so much| a lot)?",
        "You are welcome. Is there anything else?",
    ),
    (
        r"(are you (a |an )?(robot|machine|computer|human|real person|ai|bot).*|am i (talking|speaking) to .*)",
        "I am an automated assistant. I do my best to help.",
    ),
    (r"(hello|hi|hey|good (morning|afternoon|evening))( there)?", "Hello! What can I do for you?"),
    (r"how are you( doing)?( today)?", "I am fine, thank you. What can I do for you?"),
)
_BEFORE = "(?:okay|ok|well|alright|great|perfect|and|no|yes|thank you|thanks)"
_AFTER = "(?:please|then|thank you|thanks|bye|goodbye|bye bye|very much|so much|have a nice day)"
_REPEAT = (
    r"(?:.*\b)?(repeat that|say that again|say it again|what did you say|pardon|come again|once more|"
    r"didn'?t (?:hear|catch|get) (?:you|that))\b.*"
)
_HELP = r".*\b(what can (you|i) do|how can you help|help me|what are my options)\b.*"
_CANCEL = r".*\b(never ?mind|forget (it|about it|that)|cancel that|leave it|don'?t bother|stop that)\b.*"


def answer(text: str) -> str | None:
    said = _plain(text)
    for pattern, answered in _TALK:
        if re.fullmatch(rf"({_BEFORE} )*{pattern}( {_AFTER})*", said):
            return answered
    return None


def wants_repeat(text: str) -> bool:
    return bool(re.fullmatch(_REPEAT, _plain(text)))


def wants_help(text: str) -> bool:
    return bool(re.fullmatch(_HELP, _plain(text)))


def cancels(text: str) -> bool:
    return bool(re.fullmatch(_CANCEL, _plain(text)))


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[^a-z' ]", " ", text.lower())).strip()
