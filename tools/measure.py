"""Reconstruct a folder of pictures and print how close each result is.

    .venv/bin/python tools/measure.py PICTURE_OR_FOLDER… [--model offline] [--output runs/measure]

For each picture: PSNR and SSIM (scikit-image, not the add-on's own) of the final render against the
reference at the render's size, beside the floor: a flat picture in the reference's median colour.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from seig_addon.cli import main as seig


def main() -> int:
    """Measure every picture; the exit code is 1 if any failed."""
    options = _options()
    print(f"{'picture':18} {'flat':>11} {'result':>13} {'gain':>6} {'time':>6}")
    rows = []
    for path in _pictures(options.pictures):
        folder = options.output / path.stem
        since = time.monotonic()
        if seig(["reconstruct", str(path), "--model", options.model, "--output", str(folder)]) != 0:
            print(f"{path.stem:18} failed")
            rows.append(None)
            continue
        result = np.asarray(Image.open(folder / "render.png").convert("RGB"))
        reference = np.asarray(Image.open(folder / "reference.png").convert("RGB").resize(result.shape[1::-1]))
        flat = np.broadcast_to(np.median(reference, axis=(0, 1)).astype(np.uint8), reference.shape)
        floor, reached = _scores(flat, reference), _scores(result, reference)
        rows.append((floor, reached))
        print(
            f"{path.stem:18} {floor[0]:5.1f} / {floor[1]:.2f} {reached[0]:6.1f} / {reached[1]:.2f} "
            f"{reached[0] - floor[0]:+6.1f} {time.monotonic() - since:4.0f} s",
            file=sys.stderr,
        )
    done = [row for row in rows if row is not None]
    if done:
        mean = np.mean([reached for _, reached in done], axis=0)
        print(f"mean of {len(done)}: PSNR {mean[0]:.2f} dB, SSIM {mean[1]:.3f}", file=sys.stderr)
    return 0 if len(done) == len(rows) and done else 1


def _scores(picture: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    return (
        peak_signal_noise_ratio(reference, picture, data_range=255),
        structural_similarity(reference, picture, data_range=255, channel_axis=2),
    )


def _pictures(given: list[Path]) -> list[Path]:
    found = [each for path in given for each in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return [path for path in found if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--model", default="offline")
    parser.add_argument("--output", type=Path, default=Path("runs/measure"), help="new or empty")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
