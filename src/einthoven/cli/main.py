"""Run the command line; exit codes: 0 answered, 1 answered in part, 2 wrong use or input, 130 interrupted."""

import ast
import errno
import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from einthoven import __version__, console
from einthoven.errors import ConfigurationFault, EinthovenError, library_missing

VERBS = {
    "demo": ("demo", "Demo"),
    "info": ("info", "Info"),
    "convert": ("convert", "Convert"),
    "download": ("download", "Download"),
    "prepare": ("prepare", "Prepare"),
    "train": ("train", "Train"),
    "evaluate": ("evaluate", "Evaluate"),
    "interpret": ("interpret", "Interpret"),
    "serve": ("serve", "Serve"),
    "predict": ("predict", "Predict"),
    "delineate": ("delineate", "Delineate"),
    "impute": ("impute", "Impute"),
    "explain": ("explain", "Explain"),
    "export": ("export", "Export"),
    "stream": ("stream", "Stream"),
    "study": ("study", "StudyVerb"),
    "compare": ("compare", "Compare"),
    "stress": ("stress", "Stress"),
    "models": ("models", "Models"),
    "corpora": ("corpora", "Corpora"),
    "features": ("features", "Features"),
}
"""Module and class of each verb, imported only when the verb is used."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb, and show what is logged on standard error.

    Parameters
    ----------
    argv : sequence of str, optional
        Words of the command line; those of the process by default.

    Returns
    -------
    int
        The exit code.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        _manual()
        return 0 if words else 2
    if words[0] == "--version":
        console.say(f"einthoven {__version__}")
        return 0
    if "numpy" not in sys.modules:
        # NumPy reads this when it is imported. Its matrices are small here: threads that share them out wait, and spin.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        gc.set_threshold(
            100_000
        )  # what is imported is kept: to look through it for garbage again and again takes a tenth of the start
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    with console.shown():
        return _answered(words[0], words[1:])


def verb_class(name: str) -> type[Any]:
    """Import the class of a verb.

    Parameters
    ----------
    name : str
        Name of the verb.

    Returns
    -------
    type
        Its class, whose fields are the options and whose method ``run`` does the work.

    Raises
    ------
    ConfigurationFault
        If there is no such verb.
    """
    if name not in VERBS:
        raise ConfigurationFault(
            "there is no such verb.", found=name, expected=", ".join(VERBS), remedy="einthoven --help"
        )
    module, kind = VERBS[name]
    found: type[Any] = getattr(import_module(f"einthoven.cli.{module}"), kind)
    return found


def summary(name: str) -> str:
    """Read the first line of a verb's docstring from its source: importing all verbs takes half a second.

    Parameters
    ----------
    name : str
        Name of the verb.

    Returns
    -------
    str
        One sentence.
    """
    module, kind = VERBS[name]
    source = ast.parse(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8"))
    found = next(node for node in source.body if isinstance(node, ast.ClassDef) and node.name == kind)
    return (ast.get_docstring(found) or "").split("\n")[0]


def _answered(name: str, words: list[str]) -> int:
    """Run one verb; an error is shown in place of a traceback."""
    try:
        kind = verb_class(name)
        import tyro

        code: int = tyro.cli(kind, prog=f"einthoven {name}", args=words).run()
        return code
    except EinthovenError as error:
        return _failed(error)
    except KeyboardInterrupt:
        console.note("interrupted")
        return 130
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "einthoven":
            raise
        return _failed(library_missing(error.name))
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        from einthoven.paths import refused

        return _failed(refused(error.filename or "a file", error))


def _failed(error: EinthovenError) -> int:
    console.fail(error)
    return 2


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _manual() -> None:
    console.say("einthoven reads electrocardiograms with deep learning, from the file to the answer.\n")
    for name in VERBS:
        console.say(f"  {name:<10}{summary(name)}")
    console.say("\neinthoven VERB --help shows its options and an example.")
    console.say("Not a medical device.")


if __name__ == "__main__":
    sys.exit(main())
