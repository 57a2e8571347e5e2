from dataclasses import dataclass
@dataclass(frozen=True)
class Models:
    """stub"""
