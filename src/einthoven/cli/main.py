"""Knows the verbs and the exit codes: 0 answered, 1 answered in part, 2 wrong use or input, 130 interrupted. Does no work."""

import errno
import signal
import sys
import threading
from collections.abc import Sequence

from einthoven import __version__, console
from einthoven.errors import EinthovenError, UnknownName, library_missing
from einthoven.paths import refused

try:
    from einthoven.cli import (
        compare,
        corpora,
        demo,
        download,
        evaluate,
        explain,
        export,
        features,
        models,
        predict,
        prepare,
        stream,
        study,
        train,
    )
except ModuleNotFoundError as missing:
    console.fail(library_missing(missing.name))
    sys.exit(2)

VERBS = {
    "demo": demo.Demo,
    "download": download.Download,
    "prepare": prepare.Prepare,
    "train": train.Train,
    "evaluate": evaluate.Evaluate,
    "predict": predict.Predict,
    "explain": explain.Explain,
    "export": export.Export,
    "stream": stream.Stream,
    "study": study.StudyVerb,
    "compare": compare.Compare,
    "models": models.Models,
    "corpora": corpora.Corpora,
    "features": features.Features,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        _manual()
        return 0 if words else 2
    if words[0] == "--version":
        console.say(f"einthoven {__version__}")
        return 0
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        if words[0] not in VERBS:
            raise UnknownName(
                "there is no such verb.", found=words[0], expected=", ".join(VERBS), remedy="einthoven --help"
            )
        import tyro

        verb = tyro.cli(VERBS[words[0]], prog=f"einthoven {words[0]}", args=words[1:], config=_TYRO)
        return verb.run()
    except EinthovenError as error:
        console.fail(error)
        return 2
    except KeyboardInterrupt:
        console.note("interrupted")
        return 130
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "einthoven":
            raise
        console.fail(library_missing(error.name))
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        console.fail(refused(error.filename or "a file", error))
        return 2


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _manual() -> None:
    console.say("einthoven reads electrocardiograms with deep learning, from the file to the answer.\n")
    for name, verb in VERBS.items():
        console.say(f"  {name:<10}{(verb.__doc__ or '').splitlines()[0]}")
    console.say("\neinthoven VERB --help shows its options and an example.")
    console.say("Not a medical device.")


_TYRO = ()
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)

if __name__ == "__main__":
    sys.exit(main())
