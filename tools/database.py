"""The shop's database: tables, and a connection that migrates and seeds itself on first use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Date, ForeignKey, Integer, Numeric, String, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.pool import NullPool

_TABLES_LOCK = 0x6261746F6E  # "baton"
VERSION_TABLE = "alembic_version_shop"  # the journal lives in the same database


class Tables(DeclarativeBase):
    pass


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


class Database:
    """One URL, sessions by the piece. Cheap to make: connections are opened when they are needed, and not kept."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        # no pool: every call runs on an event loop of its own, and a pooled connection belongs to one loop
        self._engine = create_async_engine(self._url, poolclass=NullPool)
        if self._url.get_backend_name() == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _share_sqlite)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def open(self, today: date) -> None:
        """Brings the tables up to date, and fills them on first run, with orders around `today`."""
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        async with self._engine.begin() as connection:
            await alone(connection)
            await connection.run_sync(_migrate)
        try:
            async with self.session() as session, session.begin():
                if (await session.scalars(select(Order.number).limit(1))).first() is None:
                    from tools.seed import fill  # imports this module's tables

                    session.add_all(fill(today))
        except IntegrityError:
            pass  # another process was quicker

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        async with self._sessions() as session:
            yield session


async def alone(connection: AsyncConnection) -> None:
    """Until this transaction ends, no other process that asked the same changes tables."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TABLES_LOCK})")
    else:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _share_sqlite(connection: Any, _record: Any) -> None:
    """Readers do not wait for a writer, and a second writer waits 5 s before it gives up."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
