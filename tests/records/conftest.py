"""What the tests of readers write to files."""

import numpy as np
import pytest

from tests.records.files import N_SAMPLES


@pytest.fixture(scope="module")
def signal_mv():
    rng = np.random.default_rng(0)
    return np.round(rng.standard_normal((2, N_SAMPLES)), 3)
