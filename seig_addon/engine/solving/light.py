"""Solves for the light, the world and the base colours of a scene, all at once, in plain numpy.

A picture is close to a sum of pictures of one light each, times how much each material's colour changed;
so a render of every light alone tells what any choice of powers and colours would look like. They are
chosen to come close to the reference as it is seen (in sRGB, a little blurred), with a pull towards the
values that are there, within bounds. Damped Gauss-Newton steps on logarithms of factors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...studio.pixels import Emitter, LightPasses, Paint
from ..scores import Pixels
from .seeing import cells, cells_of, displayed, rise
from .splits import Split, candidates, is_its_own

Key = tuple[str, str]
"""What is tuned: ("light" | "world" | "glow" | "paint", its name)."""

What = frozenset[Literal["light", "world", "glow", "paint"]]
LIGHT: What = frozenset({"light", "world"})
ALL: What = LIGHT | {"glow", "paint"}

Factors = Mapping[Key, NDArray[np.float64]]
"""Linear r, g, b by which each is multiplied, compared with the scene before any tuning."""

_LIGHT_BOUNDS = (1 / 30, 30.0)  # factors; beyond, a light is another one
_BASE_COLORS = (0.02, 0.95)  # linear; soot and fresh snow
_UNSEEN = 1e-3  # share of the picture's light, or of its pixels, below which there is nothing to go by
_STEPS = 30
_SETTLED = 1e-3  # in logarithms: 0.1 %

# What a factor of e costs, in mean squared sRGB error: of brightness, and of hue for each channel.
_PULL_LIGHT = (2e-5, 4e-5)
_PULL_PAINT = (4e-5, 8e-5)
_PULL_LIGHT_ALONE = (2e-5, 5e-3)  # hue that base colours, which are not open then, should have is not the light's

_DIFFERENT = 0.08  # in logarithms: what makes a colour of its own worth it


@dataclass
class _Knob:
    """Something to tune, as logarithms of factors on what the passes show."""

    key: Key
    grey: bool  # r, g and b can only change together
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    pull: tuple[float, float]
    before: NDArray[np.float64]  # what tuning did to it already


@dataclass
class _Problem:
    """The passes as float64, and where each knob acts."""

    lights: NDArray[np.float64]  # (lights, h, w, 3)
    painted: NDArray[np.float64]
    reference: Pixels
    exposure: float
    gamma: float
    knobs: list[_Knob] = field(default_factory=list)
    emitters: list[int] = field(default_factory=list)  # of the first knobs: their index in lights
    seen: list[NDArray[np.intp]] = field(default_factory=list)  # of the other knobs: their pixels, which no two share


def solve(passes: LightPasses, reference: Pixels, so_far: Factors, what: What = ALL) -> dict[Key, NDArray[np.float64]]:
    """Return the factors that bring the picture closest to the reference (sRGB, the passes' shape).

    `so_far` are the factors that made the scene of the passes what it is. What can't be told from the
    picture keeps its own, and so does what is not among `what`. Returns them as they are where nothing
    can be tuned.
    """
    problem = _problem(passes, reference, so_far, [], what)
    return _factors(problem, _descend(problem), so_far)


def misfit(passes: LightPasses, reference: Pixels, what: What = ALL) -> float:
    """Return the error that solving leaves: mean squared in sRGB over small cells, with the cost of the pull."""
    problem = _problem(passes, reference, {}, [], what)
    return _linearized(problem, _descend(problem))[0] if problem.knobs else float("inf")


def solve_apart(
    passes: LightPasses, reference: Pixels, so_far: Factors
) -> tuple[dict[Key, NDArray[np.float64]], list[Split]]:
    """Solve like `solve`, with colours of their own for objects that share a material but not its colour.

    The factors hold each split by its copy's name.
    """
    together = _problem(passes, reference, so_far, [])
    best = _descend(together)
    splits = candidates(passes)
    while splits:
        apart = _problem(passes, reference, so_far, splits)
        tried = _descend(apart)
        factors = _factors(apart, tried, so_far)
        shared, own = _shown(together, best), _shown(apart, tried)
        kept = [
            split
            for split in splits
            if _is_different(factors["paint", split.name], factors["paint", split.material])
            and is_its_own(split.seen(passes), shared, own, reference)
        ]
        if kept == splits:
            return factors, splits
        splits = kept
    return _factors(together, best, so_far), []


# ------------------------------------------------------------------------------------------------
# What there is to tune


def _factors(problem: _Problem, logs: NDArray[np.float64], so_far: Factors) -> dict[Key, NDArray[np.float64]]:
    solved = {knob.key: np.exp(knob.before + log) for knob, log in zip(problem.knobs, logs, strict=True)}
    return {**so_far, **solved}


def _problem(
    passes: LightPasses, reference: Pixels, so_far: Factors, splits: list[Split], what: What = ALL
) -> _Problem:
    view = passes.facts.view
    lights, painted = passes.lights.astype(np.float64), passes.painted.astype(np.float64)
    if view is None:
        return _Problem(lights, painted, reference, 0.0, 1.0)
    problem = _Problem(lights, painted, reference, view.exposure, view.gamma)
    total = max(float(lights.sum()), 1e-9)
    pull = _PULL_LIGHT if "paint" in what else _PULL_LIGHT_ALONE
    for index, emitter in enumerate(passes.facts.emitters):
        if emitter.kind in what and lights[index].sum() / total >= _UNSEEN:
            problem.knobs.append(_light_knob(emitter, so_far, pull))
            problem.emitters.append(index)
    for number, paint in enumerate(passes.facts.paints, start=1):
        if paint is None or "paint" not in what:
            continue
        rest = passes.materials == number
        before = _logs(so_far, ("paint", paint.name))
        for split in splits:
            if split.material == paint.name:
                own = split.seen(passes)
                problem.knobs.append(_paint_knob(split.name, paint, passes.albedo[own], before))
                problem.seen.append(np.flatnonzero(own))
                rest &= ~own
        if rest.mean() >= _UNSEEN:
            problem.knobs.append(_paint_knob(paint.name, paint, passes.albedo[rest], before))
            problem.seen.append(np.flatnonzero(rest))
    return problem


def _light_knob(emitter: Emitter, so_far: Factors, pull: tuple[float, float]) -> _Knob:
    key = (emitter.kind, emitter.name)
    before = _logs(so_far, key)
    low, high = (np.log(bound) - before for bound in _LIGHT_BOUNDS)
    grey = emitter.color is None and emitter.kind == "glow"
    return _Knob(key, grey, low, high, pull, before)


def _paint_knob(name: str, paint: Paint, seen: NDArray[np.float32], before: NDArray[np.float64]) -> _Knob:
    """Bound the base colour itself, or the darkest and brightest of a pattern's; what is beyond may stay there."""
    if paint.color is not None:
        dark = bright = np.array(paint.color, np.float64)
    else:
        dark, bright = (np.percentile(seen, share, axis=0).astype(np.float64) for share in (50, 100))
    if paint.brightest is not None:
        bright = np.array(paint.brightest, np.float64)  # which may be too fine to be seen
    low = np.log(_BASE_COLORS[0] / np.maximum(dark, 1e-4))
    high = np.log(_BASE_COLORS[1] / np.maximum(bright, 1e-4))
    return _Knob(("paint", name), False, np.minimum(low, 0.0), np.maximum(high, 0.0), _PULL_PAINT, before)


def _is_different(factor: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(np.abs(np.log(factor / other)).max() > _DIFFERENT)


def _logs(so_far: Factors, key: Key) -> NDArray[np.float64]:
    return np.log(so_far[key]) if key in so_far else np.zeros(3)


# ------------------------------------------------------------------------------------------------
# The solve. `logs` are (knobs, 3).


def _descend(problem: _Problem) -> NDArray[np.float64]:
    """Step downhill, with more damping after each step that failed and less after each that did not."""
    logs = np.zeros((len(problem.knobs), 3))
    if not problem.knobs:
        return logs
    error, slopes, gaps = _linearized(problem, logs)
    damping = 1e-3
    for _ in range(_STEPS):
        tried = _step(problem, logs, slopes, gaps, damping)
        if np.abs(tried - logs).max() < _SETTLED:
            break
        now = _linearized(problem, tried)
        if now[0] < error:
            logs, (error, slopes, gaps) = tried, now
            damping = max(damping / 3, 1e-6)
        else:
            damping *= 8
    return logs


def _linearized(problem: _Problem, logs: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the error with its pull, and per channel the slopes (3, knobs, cells) and the gaps (3, cells)."""
    light, changed, parts = _changed(problem, logs)
    height, width, _ = light.shape
    shown = displayed(light * changed, problem.exposure, problem.gamma)
    steep = rise(light * changed, problem.exposure, problem.gamma)
    gaps = cells(shown - problem.reference).T
    slopes = np.empty((3, len(problem.knobs), gaps.shape[1]))
    for number, part in enumerate(parts):
        slopes[:, number] = cells(steep * changed * part).T
    of_paint = (steep * light * (changed - 1.0 + problem.painted)).reshape(-1, 3)
    for number, where in enumerate(problem.seen, start=len(parts)):
        slopes[:, number] = cells_of(of_paint[where], where, height, width).T
    return float((gaps**2).mean()) + _pull(problem, logs), slopes, gaps


def _changed(
    problem: _Problem, logs: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return the light that the logarithms make, what colours are multiplied by, and each light knob's part."""
    count = len(problem.emitters)
    light = problem.lights.sum(axis=0)
    parts = []
    for log, index in zip(logs[:count], problem.emitters, strict=True):
        part = np.exp(log) * problem.lights[index]
        light += part - problem.lights[index]
        parts.append(part)
    changed, painted = np.ones((light[..., 0].size, 3)), problem.painted.reshape(-1, 3)
    for log, where in zip(logs[count:], problem.seen, strict=True):
        changed[where] += painted[where] * (np.exp(log) - 1.0)
    return light, changed.reshape(light.shape), parts


def _shown(problem: _Problem, logs: NDArray[np.float64]) -> Pixels:
    light, changed, _ = _changed(problem, logs)
    return displayed(light * changed, problem.exposure, problem.gamma)


def _step(
    problem: _Problem, logs: NDArray[np.float64], slopes: NDArray[np.float64], gaps: NDArray[np.float64], damping: float
) -> NDArray[np.float64]:
    """Solve the linearized problem for better logarithms, keeping at their bounds those that would go beyond."""
    columns, high, low = _columns(problem), _flat(problem, "high"), _flat(problem, "low")
    count = columns.max() + 1
    curvature, downhill = np.zeros((count, count)), np.zeros(count)
    for channel in range(3):
        here = columns[:, channel]
        np.add.at(curvature, np.ix_(here, here), slopes[channel] @ slopes[channel].T / gaps.size)
        np.add.at(downhill, here, -slopes[channel] @ gaps[channel] / gaps.size)
    for knob, place, log in zip(problem.knobs, columns, logs, strict=True):
        weights = _weights(knob.pull)
        np.add.at(curvature, np.ix_(place, place), weights)
        np.add.at(downhill, place, -weights @ (knob.before + log))
    curvature[np.diag_indices(count)] *= 1.0 + damping
    curvature[np.diag_indices(count)] += 1e-9
    values = np.zeros(count)
    values[columns] = logs
    step, free = np.zeros(count), np.ones(count, bool)
    while True:
        rest = downhill - curvature @ np.where(free, 0.0, step)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], rest[free])
        within = np.clip(values + step, low, high) - values
        beyond = free & (np.abs(within - step) > 1e-9)
        if not beyond.any():
            return (values + step)[columns]
        step[beyond] = within[beyond]
        free &= ~beyond


def _columns(problem: _Problem) -> NDArray[np.int64]:
    """Return which unknown each knob's r, g and b are: (knobs, 3)."""
    width = np.array([1 if knob.grey else 3 for knob in problem.knobs])
    start = np.concatenate([[0], width.cumsum()[:-1]])
    return np.stack([start + np.minimum(channel, width - 1) for channel in range(3)], axis=1)


def _flat(problem: _Problem, side: str) -> NDArray[np.float64]:
    """Return the low or high bound of each unknown."""
    columns = _columns(problem)
    flat = np.zeros(columns.max() + 1)
    flat[columns] = np.stack([getattr(knob, side) for knob in problem.knobs])
    return flat


def _pull(problem: _Problem, logs: NDArray[np.float64]) -> float:
    totals = [knob.before + log for knob, log in zip(problem.knobs, logs, strict=True)]
    return sum(float(total @ _weights(knob.pull) @ total) for knob, total in zip(problem.knobs, totals, strict=True))


def _weights(pull: tuple[float, float]) -> NDArray[np.float64]:
    """Return the quadratic form that weighs the mean of r, g and b, and their differences from it."""
    mean = np.full((3, 3), 1 / 3)
    weights: NDArray[np.float64] = (pull[0] * mean + pull[1] * (np.eye(3) - mean)) / 3
    return weights
