"""State what a server allows: size, time and work at once."""

from dataclasses import dataclass

from einthoven.errors import ConfigurationFault

MOST_FILES = 2000
"""Files in one upload."""
MOST_FIELDS = 20
"""Other fields in one upload."""
MOST_FIELD_BYTES = 4096
"""Length of such a field."""
IDLE_S = 30.0
"""How long a client may send or take nothing."""
MOST_MEMORY = 6 << 30
"""Memory of a worker, bytes."""


@dataclass(frozen=True)
class Limits:
    """What a server allows."""

    workers: int = 2
    """Processes that interpret recordings, each with its own models in memory."""
    waiting: int = 100
    """Uploads that may wait for a worker; further ones are refused."""
    upload_mb: int = 200
    """Largest upload, MB."""
    time_s: float = 300.0
    """Longest work on one upload, s; then it is stopped."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                option = name.replace("_", "-")
                raise ConfigurationFault(
                    "A limit is too small.",
                    found=f"--limits.{option} {value:g}",
                    expected="1 or more",
                    remedy=f"einthoven serve --limits.{option} {getattr(Limits, name):g}",
                )

    @property
    def upload_bytes(self) -> int:
        """Largest upload, bytes."""
        return self.upload_mb * 1_000_000
