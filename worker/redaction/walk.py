"""A mask over every word of an event, whatever its type: a new one is covered before anybody thinks of it."""

from collections.abc import Callable
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

Mask = Callable[[str], str]
_Model = TypeVar("_Model", bound=BaseModel)

# What we, the team or the provider name things by. Whatever has another name is free text.
_NAMES = frozenset(
    {"type", "at", "epoch", "call", "agent", "agents", "team", "source", "target", "tool", "call_id", "parent", "key"}
) | {
    *(
        "item",
        "task",
        "guard",
        "code",
        "ref",
        "provider",
        "model",
        "tokens",
        "unpriced",
        "currency",
        "stream",
        "files",
        "key",
    )
}


def masked(model: _Model, mask: Mask) -> _Model:
    """The same model with the mask over all its texts, and over what a model's arguments have for one."""
    if not (changed := _changed(model, mask)):
        return model
    new = model.model_copy(update=changed)
    try:
        type(model).model_validate(new.model_dump())
    except ValidationError:  # what stands there now is longer than may be: a journal must be readable to its end
        return model.model_copy(update=_changed(model, lambda text: mask(text)[: len(text)]))
    return new


def _changed(model: BaseModel, mask: Mask) -> dict[str, Any]:
    values = {name: getattr(model, name) for name in _texts(type(model))}
    return {name: new for name, value in values.items() if (new := masked_value(value, mask)) != value}


def masked_value(value: Any, mask: Mask) -> Any:
    """The same of anything that a JSON may hold."""
    match value:
        case bool() | None:
            return value
        case str():
            new = mask(value)
            return new.replace(" ", "-") if new != value and value.startswith(("http://", "https://")) else new
        case int() | float():
            written = str(value)
            return value if (new := mask(written)) == written else new
        case dict():
            return {mask(key) if isinstance(key, str) else key: masked_value(one, mask) for key, one in value.items()}
        case list():
            return [masked_value(one, mask) for one in value]
        case tuple():
            return tuple(masked_value(one, mask) for one in value)
        case BaseModel():
            return masked(value, mask)
        case _:
            return value


@cache
def _texts(kind: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a model that may hold text that people or tools made."""
    return tuple(
        name for name, field in kind.model_fields.items() if name not in _NAMES and _may_be_text(field.annotation)
    )


def _may_be_text(annotation: Any) -> bool:
    if get_origin(annotation) is Literal or annotation in (int, float, bool, type(None), ...):
        return False
    return not (inner := get_args(annotation)) or any(map(_may_be_text, inner))
