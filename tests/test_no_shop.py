"""The worker and the rules of a team know no team: what belongs to the shop stands in its file and its tools."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHOP_MODULES = ("orders", "products", "returns", "shop", "shop_seed")
SHOP_WORDS = re.compile(
    rf"(?i)\btools[./](?:{'|'.join(SHOP_MODULES)})\b|\b(?:shop|order numbers?|orders desk|returns desk|(?:an|my|your) order"
    r"|refund\w*|parcels?|delivery|deliveries|postcodes?|kettles?|vases?|homeware|hearth and home|receptionist|sku|"
    r"find_order|open_return|delivery_status|change_delivery_day|product_details|return_status)\b"
)
SHIPPED = 'default=Path("agents/shop/team.yaml"),'  # the team that is taken when none is named
FILES = sorted([*(ROOT / "worker").rglob("*.py"), *(ROOT / "agents").glob("*.py")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_given_a_file_of_the_worker_then_it_speaks_of_no_shop(path: Path) -> None:
    found = [line.strip() for line in path.read_text().splitlines() if SHOP_WORDS.search(line) and SHIPPED not in line]
    assert found == []


def test_the_words_are_those_of_the_shop() -> None:
    """Else the test above holds nothing."""
    told = [*(ROOT / "agents/shop").rglob("*.md"), ROOT / "agents/shop/team.yaml", *(ROOT / "tools").glob("*.py")]
    assert sum(bool(SHOP_WORDS.search(path.read_text())) for path in told) > len(SHOP_MODULES)
    assert all((ROOT / "tools" / f"{module}.py").exists() for module in SHOP_MODULES)
