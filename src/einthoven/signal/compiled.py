"""Load single compiled parts of SciPy and sleepecg: importing scipy.signal takes longer than predicting a half-hour record."""

from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any


@lru_cache
def part(package: str, name: str) -> Any:
    """Load one compiled module of a package, and not the package.

    Parameters
    ----------
    package : str
        A package, such as ``scipy.signal``.
    name : str
        Name of a compiled module in it, or in a folder of it (``folder/name``), that needs no other of its modules.

    Returns
    -------
    module or None
        None where the installed version has no such module: the caller then imports the package and its public function.
    """
    whole, *inner = package.split(".")  # find_spec of an inner package would import the whole one
    home = find_spec(whole)
    *folders, module_name = name.split("/")
    places = [str(Path(place, *inner, *folders)) for place in home.submodule_search_locations or ()] if home else []
    spec = PathFinder.find_spec(module_name, places)
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
