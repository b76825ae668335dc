"""What a household spends: in words, and as a picture for who can see one."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from livekit.agents import ToolError, function_tool
from sqlalchemy import select

from tools import charts, spoken
from tools.context import CallContext
from tools.file import GivenFile
from tools.household import Purchase
from tools.members import refuse_guests

DAYS = 30


@function_tool
async def show_spending(context: CallContext) -> str:
    """Tell and show what the household has spent in the last month, by kind.

    Examples: "Show me my spending.", "What have we spent this month?", "How much money did we spend?", "Where does our
    money go?"
    """
    refuse_guests(context)
    today = datetime.now(UTC).date()
    async with context.database.session() as session:
        since = Purchase.day > today - timedelta(DAYS)
        bought = (await session.scalars(select(Purchase).where(since, Purchase.day <= today))).all()
    if not bought:
        raise ToolError(f"Nothing is noted that was spent in the last {DAYS} days.")
    spent = Counter[str]()
    for one in bought:
        spent[one.kind] += one.pence
    told = [f"{_pounds(pence)} for {kind}" for kind, pence in spent.most_common()]
    words = f"In the last {DAYS} days you have spent {_pounds(spent.total())} in all: {spoken.listed(told)}."
    if not context.caller.telephone:
        values = {kind: pence / 100 for kind, pence in spent.most_common()}
        picture = await charts.bars(f"Spending in the last {DAYS} days", values, "pounds")
        context.give(GivenFile("spending.png", picture, words))
    return words


def _pounds(pence: int) -> str:
    return f"{pence / 100:.2f} pounds"
