"""The digital assistant's tables: a household's calendar and notes. Times are those of the clock on the wall."""

from datetime import date, datetime, timedelta

from sqlalchemy import Date, DateTime, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tools.database import Tables


class Appointment(Tables):
    __tablename__ = "appointments"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    starts: Mapped[datetime] = mapped_column(DateTime, index=True)
    minutes: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(20), default="planned")  # or cancelled
    changed_by: Mapped[str | None] = mapped_column(String(160), unique=True)  # the decision that changed it last

    @property
    def ends(self) -> datetime:
        return self.starts + timedelta(minutes=self.minutes)


class Note(Tables):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    taken: Mapped[datetime] = mapped_column(DateTime, index=True)
    taken_by: Mapped[str | None] = mapped_column(String(160), unique=True)  # the decision that took it
    deleted_by: Mapped[str | None] = mapped_column(String(160))  # and the one that deleted it: it is kept, unread


class Purchase(Tables):
    __tablename__ = "household_purchases"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, index=True)
    kind: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(120))
    pence: Mapped[int] = mapped_column(Integer)


class Member(Tables):
    __tablename__ = "household_members"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
