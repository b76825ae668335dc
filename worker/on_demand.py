"""What is loaded when somebody asks for something of it: a name of a package that only gathers names, or a library."""

import ast
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

OPENAI = (
    "openai.types"  # what every service of OpenAI is told, and tells: 20 MB, of which LiveKit's libraries use a tenth
)


def load_on_demand(root: str = OPENAI) -> None:
    """For a package and those in it that are not imported yet. Their `__init__` has but imports from their own modules."""
    sys.meta_path.insert(0, _Finder(root))


AV = ("av", "av.container")  # decoders of sound and video, for LiveKit's players of files: 12 MB


def load_later(*names: str) -> None:
    """Modules of one package, of which who imports them needs nothing yet. They are no package's `from` imports."""
    for name in names:
        if name not in sys.modules:
            sys.modules[name] = _Later(name)


class _Later(ModuleType):
    def __getattr__(self, name: str) -> Any:
        """The real module takes its place now; whoever has this one gets what that has."""
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        package = self.__name__.partition(".")[0]
        for module in [module for module in sys.modules.values() if isinstance(module, _Later)]:
            if module.__name__.partition(".")[0] == package:
                sys.modules.pop(module.__name__, None)
        return getattr(import_module(self.__name__), name)


class _Finder(MetaPathFinder):
    def __init__(self, root: str) -> None:
        self._root = root

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._root and not fullname.startswith(f"{self._root}."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.submodule_search_locations and spec.has_location:
            spec.loader = _Unrun()
        return spec


class _Unrun(Loader):
    """A package without what its `__init__` does. `importlib.util.LazyLoader` does that for the first module of it."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Package(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Package(ModuleType):
    __file__: str

    def __getattr__(self, name: str) -> Any:
        """A name that nobody has asked for so far."""
        if name.startswith("__") or name not in self._origins:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module, original = self._origins[name]
        value = getattr(import_module(f".{module}", self.__name__), original)
        setattr(self, name, value)
        return value

    @cached_property
    def _origins(self) -> Mapping[str, tuple[str, str]]:
        """Where each of the package's names comes from: a module of it, and the name there."""
        return {
            alias.asname or alias.name: (statement.module, alias.name)
            for statement in ast.parse(Path(self.__file__).read_bytes()).body
            if isinstance(statement, ast.ImportFrom) and statement.level == 1 and statement.module
            for alias in statement.names
        }
