"""Hold what became of each question that is asked of a recording."""

from dataclasses import dataclass

QUESTIONS = {
    "waves": "waves and intervals",
    "rhythm": "rhythm",
    "beats": "ectopic beats",
    "diagnoses": "diagnoses of twelve leads",
}
"""What is asked of a recording, and its name in sentences."""


@dataclass(frozen=True)
class Asked:
    """What became of a question."""

    question: str
    """A key of QUESTIONS."""
    model: str
    """Name of the model that was asked; empty if none fits."""
    reason: str
    """Why this model was chosen, or why there is no answer."""
    code: str = ""
    """Why there is no answer, for programs: ``no_model``, ``unreadable``, or the code of the decline; empty if there is one."""

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer."""
        return not self.code
