"""Keep uploads, answers and corrections in a folder, where the one who starts the server names one."""

import re
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

from einthoven.paths import folder_aside, written_aside
from einthoven.serving.refusals import Refusal

_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


def keep(folder: Path, answer: Path, kept: Path) -> str:
    """Copy the files of an upload and its answer.

    Parameters
    ----------
    folder : Path
        Folder of the uploaded files.
    answer : Path
        File of the answer.
    kept : Path
        Folder of all that is kept.

    Returns
    -------
    str
        Name of its folder.

    Raises
    ------
    OutputRefused
        If it cannot be written.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    with folder_aside(kept / name) as aside:
        shutil.copytree(folder, aside, dirs_exist_ok=True)
        shutil.copyfile(answer, aside / "einthoven-answer.json")
    return name


def keep_corrections(content: bytes, record: str, name: str, kept: Path) -> None:
    """Write corrections beside the recording that was kept.

    Parameters
    ----------
    content : bytes
        Content of the annotation file.
    record : str
        Name of the recording, as a file may have it.
    name : str
        Name of its folder, as :func:`keep` returned it.
    kept : Path
        Folder of all that is kept.

    Raises
    ------
    Refusal
        If there is no such folder.
    OutputRefused
        If it cannot be written.
    """
    folder = kept / name
    if not _NAME.fullmatch(name) or not folder.is_dir():
        raise Refusal(
            404,
            "not_kept",
            "The recording was not kept.",
            found=name[:60],
            expected="the name that came with the answer, in X-Einthoven-Kept",
            remedy="upload the recording again",
        )
    headers = sorted(folder.rglob(f"{record}.hea"))
    target = (headers[0].parent if headers else folder) / f"{record}.atr"
    # The annotations that came with a recording stay.
    taken = target.exists() and target.read_bytes() != content
    with written_aside(target.with_suffix(".corrected.atr") if taken else target) as aside:
        aside.write_bytes(content)
