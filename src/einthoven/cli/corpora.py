from dataclasses import dataclass
@dataclass(frozen=True)
class Corpora:
    """stub"""
