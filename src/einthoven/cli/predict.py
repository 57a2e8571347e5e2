from dataclasses import dataclass
@dataclass(frozen=True)
class Predict:
    """stub"""
