"""The spline is SciPy's."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from einthoven.signal.spline import cubic


@pytest.mark.parametrize("n", [4, 5, 120])
def test_a_spline_is_that_of_scipy(n):
    values = np.random.default_rng(n).standard_normal((3, n))
    at = np.linspace(0, n - 1, 7 * n)
    np.testing.assert_allclose(cubic(values, at), CubicSpline(np.arange(n), values, axis=1)(at), atol=1e-12)


def test_a_cubic_is_its_own_spline():
    x = np.arange(9.0)
    at = np.linspace(0, 8, 50)
    np.testing.assert_allclose(cubic((x**3 - x)[None], at)[0], at**3 - at, atol=1e-10)
