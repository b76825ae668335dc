"""How tools put things that are read to a caller."""

from datetime import date

_ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def day(value: date) -> str:
    """`Friday the 27th of November`."""
    return f"{value:%A} the {value.day}{_ORDINALS.get(value.day, 'th')} of {value:%B}"


def things(quantity: int, name: str) -> str:
    """`one copper kettle`, `two copper kettles`, `3 sets of plates`."""
    if quantity == 1:
        return f"one {name}"
    head, of, rest = name.partition(" of ")
    plural = head + ("es" if head.endswith(("sh", "ch", "s")) else "s")
    return f"{ {2: 'two', 3: 'three'}.get(quantity, quantity) } {plural}{of}{rest}"
