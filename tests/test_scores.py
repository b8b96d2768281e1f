"""Our PSNR and SSIM against scikit-image, which we do not ship."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from seig_addon.engine.scores import measure, psnr, ssim


@settings(max_examples=30, deadline=None)
@given(st.integers(7, 60), st.integers(7, 60), st.integers(0, 2**32 - 1), st.floats(0.01, 1))
def test_psnr_and_ssim_agree_with_scikit_image(height, width, seed, noise):
    random = np.random.default_rng(seed)
    a = random.random((height, width, 3))
    b = np.clip(a + noise * random.standard_normal(a.shape), 0, 1)
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(a, b, data_range=1.0), abs=1e-6)
    assert ssim(a, b) == pytest.approx(structural_similarity(a, b, data_range=1.0, channel_axis=2), abs=2e-3)


def test_equal_pictures_score_highest_and_less_noise_scores_better():
    random = np.random.default_rng(1)
    picture = random.random((40, 50, 3))
    noise = random.standard_normal(picture.shape)
    scores = [measure(np.clip(picture + amount * noise, 0, 1), picture).overall for amount in (0, 0.05, 0.1, 0.2)]
    assert scores[0] == 1.0
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
