"""The rows of both examples, for a desk that has tools of both."""

from datetime import date

from tools import household_seed, shop_seed
from tools.database import Database


async def prepare(database: Database, today: date) -> None:
    """What the shop and the household have at first."""
    await shop_seed.prepare(database, today)
    await household_seed.prepare(database, today)
