"""All kinds at once."""

from collections.abc import Collection, Iterator, Sequence
from typing import get_args

from worker.pii.cards import cards
from worker.pii.ibans import ibans
from worker.pii.mails import mails
from worker.pii.national_ids import national_ids
from worker.pii.phones import phones
from worker.pii.secrets import secrets
from worker.pii.span import Kind, Span
from worker.pii.spelling import Spelling

EVERY_KIND: tuple[Kind, ...] = get_args(Kind)
REGIONS = ("GB", "US", "DE", "FR")


def find(text: str, kinds: Collection[Kind] = EVERY_KIND, *, regions: Sequence[str] = REGIONS) -> list[Span]:
    """Where in a text these kinds are, in order. Of two that cover one another, the longer one.

    `regions`: whose national telephone numbers count, as `GB`; those with a country's code always do.
    """
    spelling = Spelling(text)
    found = {span for kind in dict.fromkeys(kinds) for span in _of_kind(kind, spelling, regions)}
    widest = sorted(found, key=lambda span: (span.start, -span.end, EVERY_KIND.index(span.kind)))
    kept = list[Span]()
    for span in widest:
        if not kept or span.end > kept[-1].end:
            kept.append(span)
    return kept


def _of_kind(kind: Kind, spelling: Spelling, regions: Sequence[str]) -> Iterator[Span]:
    match kind:
        case "card_number":
            places = cards(spelling)
        case "email":
            places = mails(spelling.text)
        case "phone":
            places = phones(spelling, regions)
        case "iban":
            places = ibans(spelling)
        case "national_id":
            places = national_ids(spelling)
        case "secret":
            places = secrets(spelling)
    for start, end in places:
        yield Span(start, end, kind)
