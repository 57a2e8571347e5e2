from dataclasses import dataclass
@dataclass(frozen=True)
class Evaluate:
    """stub"""
