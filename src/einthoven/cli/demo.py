from dataclasses import dataclass
@dataclass(frozen=True)
class Demo:
    """stub"""
