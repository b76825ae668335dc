"""The shop's first stock: the same customers and orders everywhere, with dates around the day they are made.

Orders to try: 1042 is on its way, 1017 was delivered last week, 1063 too long ago to send back, 1088 is being packed
and can move, 1099 was cancelled. The PIN of 1042's account is 271828, of 1088's 314159.
"""

import random
from collections.abc import Sequence
from datetime import date, timedelta

from tools.accounts import sealed
from tools.database import Database, Tables
from tools.shop import Customer, Order, Product

ORDERS = 240
_PRODUCTS = (
    ("copper kettle", 49.0, "The copper kettle holds one point seven litres and works on gas and electric hobs."),
    ("oven dish", 24.5, "The oven dish is stoneware and stands two hundred and fifty degrees."),
    ("gas oven", 389.0, "The gas oven runs on natural gas, and comes with a set of nozzles for bottled gas."),
    ("table lamp", 35.0, "The table lamp takes a screw-in bulb of up to sixty watts, which is not included."),
    ("wool blanket", 59.0, "The wool blanket is two metres by one and a half, and can be washed by hand."),
    ("bread bin", 29.0, "The bread bin is bamboo and holds two large loaves."),
    ("wall clock", 42.0, "The wall clock is thirty centimetres across and takes one double A battery."),
    ("set of plates", 64.0, "The set has six dinner plates and six side plates, all dishwasher safe."),
    ("linen curtain", 38.5, "The linen curtain is one metre forty wide and two metres sixty long."),
    ("coffee grinder", 79.0, "The coffee grinder has eighteen settings, from espresso to French press."),
)
_FIRST = [
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Frank",
    "Grace",
    "Henry",
    "Iris",
    "Jack",
    "Kate",
    "Liam",
    "Mona",
    "Noah",
    "Olive",
    "Peter",
]
_LAST = [
    "Archer",
    "Baker",
    "Carter",
    "Dawson",
    "Ellis",
    "Fisher",
    "Grant",
    "Harper",
    "Irwin",
    "Jones",
    "Knight",
    "Lewis",
    "Mason",
    "Norton",
]
_KNOWN = {  # number: product, quantity, status, days from today
    1017: (2, 1, "delivered", -6),
    1042: (1, 2, "on its way", 2),
    1063: (4, 1, "delivered", -60),
    1088: (5, 1, "packing", 5),
    1099: (7, 1, "cancelled", 1),
}
_PINS = {1042: 271_828, 1088: 314_159}


async def prepare(database: Database, today: date) -> None:
    """The shop's tables, and its first stock. Named by the team file; changes nothing a second time."""
    await database.migrate("shop")
    await database.fill(Order, lambda: stock(today))


def stock(today: date) -> Sequence[Tables]:
    """Products, customers and orders 1001 to 1240, none on a Sunday."""
    chance = random.Random(7)
    products = [Product(id=i, name=name, price=price, fact=fact) for i, (name, price, fact) in enumerate(_PRODUCTS, 1)]
    customers = [
        Customer(id=i, name=f"{chance.choice(_FIRST)} {chance.choice(_LAST)}", postcode=_postcode(chance))
        for i in range(1, 81)
    ]
    orders = []
    for number in range(1001, 1001 + ORDERS):
        days = chance.randint(-90, 9)
        status = "delivered" if days < 0 else "on its way" if days < 3 else "packing"
        if chance.random() < 0.04:
            status = "cancelled"
        product, quantity = chance.randint(1, len(_PRODUCTS)), chance.choice((1, 1, 1, 2, 3))
        product, quantity, status, days = _KNOWN.get(number, (product, quantity, status, days))
        orders.append(
            Order(
                number=number,
                customer_id=chance.randint(1, 80),
                product_id=product,
                quantity=quantity,
                status=status,
                delivery_day=_weekday(today + timedelta(days)),
            )
        )
    for order in orders:
        if pin := _PINS.get(order.number):
            customers[order.customer_id - 1].pin = sealed(pin)
    return [*products, *customers, *orders]


def _weekday(day: date) -> date:
    return day + timedelta(1) if day.weekday() == 6 else day


def _postcode(chance: random.Random) -> str:
    area = chance.choice(["BS", "CB", "EX", "LS", "M", "NE", "OX", "SW"])
    return f"{area}{chance.randint(1, 20)} {chance.randint(1, 9)}{chance.choice('ABDEFGHJ')}{chance.choice('LNPQRSTU')}"
