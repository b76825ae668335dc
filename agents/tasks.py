"""An agent's procedure: steps in order, held outside the prompt. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """A step; `tool` is the name of the function that does it, and `done_when`, if any, asks the facts whether it is."""

    id: str
    collect: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    done_when: Callable[[Facts], object] | None = None
    tool: str | None = None


class Procedure:
    """Which steps are done and which are open, as the facts change.

    What a tool has done stays done, unless the step's own `done_when` says otherwise: of another order, say.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tuple(tasks)
        self._carried_out = set[str]()
        self._done: frozenset[str] = frozenset()

    @property
    def done(self) -> frozenset[str]:
        return self._done

    @property
    def carried_out(self) -> frozenset[str]:
        """The steps whose tools have done their work."""
        return frozenset(self._carried_out)

    def restore(self, carried_out: Iterable[str], facts: Facts) -> None:
        """Stands as another did, with these carried out."""
        self._carried_out = set(carried_out)
        self.update(facts)

    @property
    def open(self) -> tuple[Task, ...]:
        """What can be done now, in order."""
        return tuple(task for task in self._tasks if task.id not in self._done and self._done.issuperset(task.after))

    @property
    def collects(self) -> tuple[str, ...]:
        """All facts that the steps ask for, in order."""
        return tuple(dict.fromkeys(name for task in self._tasks for name in task.collect))

    def update(self, facts: Facts) -> tuple[str, ...]:
        """Looks at the facts again; returns the steps that are done now and were not."""
        done = set[str]()
        for _ in self._tasks:  # each round may open the next step
            done |= {task.id for task in self._tasks if done.issuperset(task.after) and self._is_done(task, facts)}
        new = tuple(task.id for task in self._tasks if task.id in done - self._done)
        self._done = frozenset(done)
        return new

    def succeeded(self, tool: str, facts: Facts) -> tuple[str, ...]:
        """A tool has done its work; returns the steps that are done now and were not."""
        self._carried_out |= {task.id for task in self.open if task.tool == tool}
        return self.update(facts)

    def refusal(self, tool: str, facts: Facts) -> str | None:
        """Why a tool may not be called now, for the model; None if it may."""
        bound = [task for task in self._tasks if task.tool == tool]
        if not bound or any(task in self.open for task in bound):
            return None
        if all(task.id in self._done for task in bound):
            return f"{tool} has been done already. Do not do it again."
        return f"{tool} is not possible yet. First: {'; '.join(_wanted(task, facts) for task in self.open)}."

    def _is_done(self, task: Task, facts: Facts) -> bool:
        if task.done_when:
            return _true(task.done_when, facts)
        if task.id in self._carried_out:
            return True
        return task.tool is None and all(name in facts for name in task.collect)


def _wanted(task: Task, facts: Facts) -> str:
    missing = [name for name in task.collect if name not in facts]
    return f"{task.id} ({', '.join(missing)})" if missing else task.id


def _true(predicate: Callable[[Facts], object], facts: Facts) -> bool:
    try:
        return bool(predicate(facts))
    except Exception:  # a team's own function, that stumbles over a fact which is not there
        return False
