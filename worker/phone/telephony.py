"""The file that says which telephone numbers there are, by which carrier they come in, and who answers them."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from agents.spec import SpecError
from agents.strict import Name, Spec, Text
from agents.team_file import line_of
from worker.variables import Unset, fill

Digits = Annotated[str, StringConstraints(pattern=r"^\+?\d{2,15}$")]
_SECRET = frozenset({"username", "password", "pin"})


class TelephonyError(SpecError):
    """A telephony file cannot be used. The message names file, line and key, and the way out."""


class TrunkSpec(Spec):
    """A carrier, or a telephone system of your own: what it shows us before its calls are taken."""

    username: Text | None = Field(default=None, description="With `password`: what the carrier signs in with.")
    password: Text | None = Field(default=None, description="Best a variable of yours: `${CARRIER_PASSWORD}`.")
    allowed_addresses: tuple[Text, ...] = Field(
        default=(), description="Where its calls may come from: IP addresses, or networks such as `203.0.113.0/24`."
    )
    allowed_callers: tuple[Digits, ...] = Field(default=(), description="Who may call; empty: everybody.")
    ringing_timeout_s: int = Field(
        default=30, ge=5, le=180, description="So long it rings when nobody answers, as when all workers are busy."
    )
    max_call_minutes: int = Field(default=120, ge=1, le=1440, description="Then the line is cut, whoever speaks.")
    encryption: Literal["off", "allowed", "required"] = Field(default="allowed", description="Of the sound (SRTP).")
    headers: Literal["none", "x", "all"] = Field(
        default="none", description="SIP headers that become attributes of the caller, named `sip.h.…`: `X-…`, or all."
    )
    attributes: dict[str, Text] = Field(
        default={}, description="A SIP header, and the attribute of the caller that its value becomes."
    )

    @field_validator("allowed_addresses")
    @classmethod
    def _networks(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            try:
                ip_network(address, strict=False)
            except ValueError:  # LiveKit takes any text, and then no call matches it
                raise ValueError(f"{address!r} is neither an IP address nor a network such as 203.0.113.0/24") from None
        return addresses

    @model_validator(mode="after")
    def _lets_not_everybody_in(self) -> Self:
        if bool(self.username) != bool(self.password):
            raise ValueError("`username` and `password` go together.")
        if not (self.username or self.allowed_addresses):
            raise ValueError(
                "anybody on the internet could call in by it; give `username` and `password`, or `allowed_addresses`."
            )
        return self


class NumberSpec(Spec):
    """Who answers a telephone number."""

    trunk: Name = Field(description="By which of `trunks` it comes in.")
    team: Name = Field(description="Whose workers take the call: `team` in their team file.")
    agent: Name | None = Field(default=None, description="Who of them answers; null: whoever the team starts with.")
    hide_caller: bool = Field(
        default=False,
        description="Nobody is told the caller's number, nor which one they called; LiveKit still names the participant "
        "after its last four digits.",
    )
    pin: Annotated[str, StringConstraints(pattern=r"^\d{1,20}$")] | None = Field(
        default=None, description="What the bridge asks for, in its own voice, before anybody answers."
    )
    attributes: dict[Text, Text] = Field(default={}, description="Attributes of the caller, such as `tenant: acme`.")


class TelephonySpec(Spec):
    """Trunks and numbers that come in."""

    name: Name = Field(
        default="baton",
        description="What is made on LiveKit bears it (`baton/carrier`); what bears another name is left alone.",
    )
    trunks: dict[Name, TrunkSpec] = Field(min_length=1, description="By name.")
    numbers: dict[Digits, NumberSpec] = Field(
        min_length=1, description="By number, letter by letter as the carrier sends it."
    )

    @field_validator("numbers", mode="before")
    @classmethod
    def _in_quotes(cls, numbers: Any) -> Any:
        for number in numbers if isinstance(numbers, dict) else ():
            if not isinstance(number, str):  # YAML takes +44… for an integer, and the plus is gone
                raise ValueError(f'put the number {number} in quotes, with its plus: "+{number}"')
        return numbers

    @model_validator(mode="after")
    def _hang_together(self) -> Self:
        for number, spec in self.numbers.items():
            if spec.trunk not in self.trunks:
                known = ", ".join(self.trunks)
                raise ValueError(f"numbers.{number}.trunk: there is no trunk {spec.trunk!r}. Trunks: {known}.")
        for name in self.trunks:
            if not self.numbers_of(name):  # one without numbers takes every call that reaches it
                raise ValueError(f"trunks.{name}: no number comes in by it; give it one, or leave it out.")
        return self

    def numbers_of(self, trunk: str) -> list[str]:
        return sorted(number for number, spec in self.numbers.items() if spec.trunk == trunk)


def read(path: Path, variables: Mapping[str, str]) -> TelephonySpec:
    """The file, with `${NAME}` filled in. Raises TelephonyError."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except OSError as error:
        raise TelephonyError(f"{path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TelephonyError(f"{path}: not YAML: {error}") from error
    if not isinstance(data, dict):
        raise TelephonyError(f"{path}: a telephony file is a mapping with `trunks` and `numbers`.")
    try:
        return TelephonySpec.model_validate(_filled(data, variables))
    except Unset as error:
        raise TelephonyError(f"{path}: {error.name} is not set. Set it in the environment, or in .env.") from None
    except ValidationError as error:
        raise TelephonyError("\n".join(_explain(path, root, fault) for fault in error.errors())) from None


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    match value:
        case str():
            return fill(value, variables)
        case dict():
            return {key: _filled(one, variables) for key, one in value.items()}
        case list():
            return [_filled(one, variables) for one in value]
        case _:
            return value


def _explain(path: Path, root: yaml.Node | None, fault: Any) -> str:
    location = [str(part) for part in fault["loc"] if part != "[key]"]
    value = fault.get("input")
    shown = f" (it is {value!r})" if isinstance(value, str | int | float) and not _SECRET & set(location) else ""
    message = fault["msg"].removeprefix("Value error, ").rstrip(".")
    if not location and (place := re.match(r"([\w+.]+): ", message)):  # a rule of the whole names its place itself
        location, message = place[1].split("."), message[place.end() :]
    if fault["type"] == "extra_forbidden":
        message, shown = "there is no such key. See docs/telephony.md for those there are", ""
    where = f"{'.'.join(location)}: " if location else ""
    return f"{path}:{line_of(root, location)}: {where}{message}{shown}."
