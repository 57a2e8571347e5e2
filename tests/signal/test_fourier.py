"""The transforms are those of scipy.fft to the last bit, without its import, and with it where its compiled part is missing."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.fft

from einthoven.signal import fourier


@pytest.fixture(params=["compiled", "scipy.fft"])
def way(request, monkeypatch):
    if request.param == "scipy.fft":
        monkeypatch.setattr(fourier, "part", lambda *_: None)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16])
def test_transforms_are_those_of_scipy(kind):
    signal = (100 * np.random.default_rng(0).standard_normal((3, 501))).astype(kind)
    for size in (None, 400, 512):
        spectrum = fourier.rfft(signal, size)
        np.testing.assert_array_equal(spectrum, scipy.fft.rfft(signal, size, axis=1))
        for back in (501, 300, 600):
            np.testing.assert_array_equal(fourier.irfft(spectrum, back), scipy.fft.irfft(spectrum, back, axis=1))
        power = np.abs(spectrum) ** 2
        np.testing.assert_array_equal(fourier.irfft(power, 512), scipy.fft.irfft(power, 512, axis=1))
    assert [fourier.next_fast_len(n) for n in (1, 97, 5003)] == [
        scipy.fft.next_fast_len(n, real=True) for n in (1, 97, 5003)
    ]


def test_scipy_fft_is_not_imported_and_still_can_be():
    code = "import sys, numpy; from einthoven.signal import fourier; fourier.rfft(numpy.ones(8)); "
    code += "assert 'scipy.fft' not in sys.modules; import scipy.fft; assert scipy.fft.rfft(numpy.ones(8))[0] == 8"
    subprocess.run([sys.executable, "-c", code], check=True)
