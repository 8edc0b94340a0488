"""The scenarios there are, and how one of them, ours or the user's own, is found."""

import importlib
import importlib.util
import sys
from pathlib import Path

from .errors import LabError, NoSuchThing

HOME = Path(__file__).parents[1]
DATA = HOME / "data"


def names() -> list[str]:
    """The scenarios that come with the suite."""
    return sorted(path.stem for path in HOME.glob("[!_]*.py") if path.stem != "pytest_plugin")


def find(name: str):
    """The Scenario of that name, or of a file of the user's own. Raises LabError in one line."""
    if name.endswith(".py") or "/" in name:
        return _scenario_of(_load(Path(name)), name)
    if name not in names():
        raise NoSuchThing("scenario", name, names())
    return _scenario_of(importlib.import_module(f"scenarios.{name}"), name)


def _load(path: Path):
    if not path.is_file():
        raise LabError(f"{path}: there is no such file; './lab list' shows the scenarios that come with the suite")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)  # type: ignore[union-attr]
    except LabError:
        raise
    except Exception as error:
        raise LabError(f"{_place(path, error)}: {type(error).__name__}: {error}") from error
    return module


def _scenario_of(module, name: str):
    found = getattr(module, "scenario", None)
    if found is None:
        raise LabError(f"{name}: the file defines no 'scenario'; end it with: scenario = Scenario(topo=…, claims=[…])")
    return found


def _place(path: Path, error: BaseException) -> str:
    """File and line of a mistake, as near to the user's own file as the traceback goes."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    line, trace = 0, error.__traceback__
    while trace:
        if Path(trace.tb_frame.f_code.co_filename).resolve() == path.resolve():
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{path}:{line}"
