"""Names of the augmentations, without torch, so that settings and help can list them."""

from typing import Literal, get_args

AugmentationName = Literal[
    "shift", "stretch", "inverted", "gain", "other_leads", "noise", "wander", "rolled", "masked", "leads_off", "rotated"
]
"""Names of the functions in :mod:`einthoven.data.augment`."""
NAMES: tuple[AugmentationName, ...] = get_args(AugmentationName)
