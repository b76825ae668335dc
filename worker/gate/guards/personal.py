"""What identifies a person, opens an account or a door."""

from collections.abc import Sequence

from worker.gate.guard import Passage
from worker.gate.guards.places import Within
from worker.gate.guards.ruling import Found
from worker.pii import Kind, find

_NAMES: dict[Kind, str] = {
    "card_number": "a card number",
    "email": "an e-mail address",
    "phone": "a telephone number",
    "iban": "an IBAN",
    "national_id": "a national id",
    "secret": "a key or password",
}


class PersonalData:
    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds

    async def look(self, passage: Passage) -> Found | None:
        within = Within(passage)
        spans = [span for span in find(within.whole, self._kinds) if within.touches(span.start, span.end)]
        if not spans:
            return None
        places = [(span.start, span.end) for span in spans]
        kinds = dict.fromkeys(_NAMES[span.kind] for span in spans)
        return Found(" and ".join(kinds), within.without(places, "…"), text=within.text_of(places))
