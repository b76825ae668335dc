"""Packages whose names are loaded when somebody asks for them."""

import ast
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from worker.on_demand import OPENAI, load_later, load_on_demand


@pytest.fixture
def gathering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of two modules, and a package in it, whose names it gathers."""
    inner = tmp_path / "gathering" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "gathering" / "__init__.py").write_text("from .one import One as One\nfrom .two import two as zwei\n")
    (tmp_path / "gathering" / "one.py").write_text("class One: ...\n")
    (tmp_path / "gathering" / "two.py").write_text("two = 2\n")
    (inner / "__init__.py").write_text("from .three import Three as Three\n")
    (inner / "three.py").write_text("from ..one import One\n\n\nclass Three(One): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return "gathering"


def test_given_a_package_when_one_of_its_modules_is_imported_then_no_other_is(gathering: str) -> None:
    load_on_demand(gathering)
    three = import_module("gathering.inner.three").Three
    loaded = {name for name in sys.modules if name.startswith(gathering)}
    assert loaded == {"gathering", "gathering.one", "gathering.inner", "gathering.inner.three"}
    assert import_module(gathering).One in three.__mro__


def test_given_a_package_when_a_name_is_asked_for_then_it_is_there_and_another_is_an_error(gathering: str) -> None:
    load_on_demand(gathering)
    package = import_module(gathering)
    assert package.zwei == 2
    with pytest.raises(AttributeError, match="three"):
        _ = package.three


def test_given_modules_that_are_loaded_later_then_the_first_name_brings_all_of_them(gathering: str) -> None:
    load_later(gathering, f"{gathering}.inner")
    package, inner = import_module(gathering), import_module(f"{gathering}.inner")
    assert f"{gathering}.one" not in sys.modules
    assert not hasattr(package, "__path__")
    assert package.zwei == 2
    assert f"{gathering}.one" in sys.modules
    assert issubclass(inner.Three, package.One)
    assert sys.modules[gathering] is not package
    with pytest.raises(AttributeError, match="three"):
        _ = package.three


def test_each_package_of_openais_types_gathers_names_and_does_nothing_else() -> None:
    spec = find_spec(OPENAI)
    assert spec
    assert spec.origin
    for init in Path(spec.origin).parent.rglob("__init__.py"):
        for statement in ast.parse(init.read_bytes()).body:
            assert isinstance(statement, ast.ImportFrom), init
            ours = statement.level == 1 and statement.module is not None
            assert ours or statement.module == "__future__", ast.unparse(statement)
