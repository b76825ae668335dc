"""Bank accounts: IBANs (ISO 13616) of the countries in its registry, with their lengths and check digits (mod 97)."""

import re
from collections.abc import Iterator

from worker.pii.spelling import Spelling

_REGISTRY = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 "
    "LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 "
    "QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
_LENGTHS = {country: int(length) for country, length in re.findall(r"([A-Z]{2})([0-9]{2})", _REGISTRY)}
_BEGINNING = re.compile(rf"(?:{'|'.join(_LENGTHS)})[0-9]{{2}}")


def ibans(spelling: Spelling) -> Iterator[tuple[int, int]]:
    """Where they are, as places in the text."""
    for match in _BEGINNING.finditer(spelling.chars):
        start, end = match.start(), match.start() + _LENGTHS[match[0][:2]]
        if spelling.whole(start, end) and is_iban(spelling.chars[start:end]):
            yield spelling.span(start, end)


def is_iban(iban: str) -> bool:
    """Digits and capital letters, no spaces."""
    if len(iban) != _LENGTHS.get(iban[:2]) or not re.fullmatch(r"[A-Z0-9]+", iban):
        return False
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1
