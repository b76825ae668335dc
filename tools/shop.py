"""The shop's tables."""

from datetime import date

from sqlalchemy import Date, ForeignKey, Integer, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tools.database import Tables


class Product(Tables):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    price: Mapped[float] = mapped_column(Numeric(8, 2, asdecimal=False))  # pounds
    fact: Mapped[str] = mapped_column(String(200))  # a sentence a caller may ask for


class Customer(Tables):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    postcode: Mapped[str] = mapped_column(String(10))
    pin: Mapped[str | None] = mapped_column(String(200))  # of the account, salted and hashed
    wrong_pins: Mapped[int] = mapped_column(default=0)  # since the last right one


class Order(Tables):
    """`status`: packing, on its way, delivered or cancelled."""

    __tablename__ = "orders"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    delivery_day: Mapped[date] = mapped_column(Date)
    moved_by: Mapped[str | None] = mapped_column(String(160))  # the decision that set the delivery day
    product: Mapped[Product] = relationship(lazy="joined")
    customer: Mapped[Customer] = relationship(lazy="joined")


class Return(Tables):
    __tablename__ = "returns"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[int] = mapped_column(ForeignKey("orders.number"), unique=True)
    reason: Mapped[str] = mapped_column(String(400))
    opened_on: Mapped[date] = mapped_column(Date)
    opened_by: Mapped[str] = mapped_column(String(160), unique=True)  # the decision that opened it


class Inspection(Tables):
    """Something that arrived damaged: the warehouse looks at it, and at the `picture` of that `call`."""

    __tablename__ = "inspections"
    __table_args__ = (UniqueConstraint("order_number", "call", "picture"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[int] = mapped_column(ForeignKey("orders.number"), index=True)
    call: Mapped[str] = mapped_column(String(80))
    picture: Mapped[str] = mapped_column(String(20))  # its name in the call, such as photo-1
    description: Mapped[str] = mapped_column(String(400))
    noted_on: Mapped[date] = mapped_column(Date)
    noted_by: Mapped[str] = mapped_column(String(160), unique=True)  # the decision that opened it
