"""Tools that show and tell what nobody may keep. What they have is `SHOWN`, by name."""

import json
import os

from livekit.agents import function_tool

from tools.card import Card, Link
from tools.context import CallContext


def _shown(name: str) -> str:
    shown: dict[str, str] = json.loads(os.environ["TEST_SHOWN"])
    return shown[name]


@function_tool
async def charge(context: CallContext, card: str, number: int) -> str:
    """Charge a card."""
    context.progress(f"Asking the bank about {_shown('progress')}.")
    context.show(
        Card(
            title=f"Paid by {_shown('title')}",
            lines=(f"From {_shown('line')}",),
            fields={"Telephone": _shown("field")},
            link=Link(label="Receipt", url=f"https://example.org/receipt?card={_shown('link')}"),
            choices=(f"Pay by {_shown('choice')}",),
        )
    )
    return f"Charged {_shown('output')}. A receipt goes to {_shown('receipt')}."


@function_tool
async def fail(context: CallContext) -> str:
    """Fail."""
    raise RuntimeError(f"no charge of {_shown('exception')}")
