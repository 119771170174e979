"""Fits power laws to points; a fit carries its exponent, the interval of it and the range of x."""

import math
from typing import Any, NamedTuple

import numpy as np


class PowerLaw(NamedTuple):
    """y = scale x^exponent, by least squares in logarithms. [`low`, `high`] is the exponent's 95% interval (Student's t, residuals)."""

    exponent: float
    low: float
    high: float
    scale: float
    decades: float

    def __str__(self) -> str:
        return f"{self.exponent:.3f} [{self.low:.3f}, {self.high:.3f}] over {self.decades:.1f} decades"


class Line(NamedTuple):
    """y = intercept + slope x by least squares; [`low`, `high`] is the slope's 95% interval (Student's t, residuals)."""

    slope: float
    low: float
    high: float
    intercept: float


def line(x: Any, y: Any) -> Line:
    """Fit at least three finite points.

    Where the points are exact, the residuals are curvature and rounding to whole samples, not noise; the interval then measures these.
    """
    from scipy.special import stdtrit

    x, y = np.asarray(x, float), np.asarray(y, float)
    if len(x) < 3 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError(f"`x` and `y` must be at least three finite points; got {len(x)}.")
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    intercept = float(y.mean() - slope * x.mean())
    residual = y - intercept - slope * x
    error = math.sqrt(float(residual @ residual) / (len(x) - 2) / float(centred @ centred))
    half = float(stdtrit(len(x) - 2, 0.975)) * error
    return Line(slope, slope - half, slope + half, intercept)


def power_law(x: Any, y: Any) -> PowerLaw:
    """Fit at least three positive points: a `line` in logarithms."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    if not ((x > 0) & (y > 0)).all():
        raise ValueError("`x` and `y` must be positive.")
    found = line(np.log(x), np.log(y))
    return PowerLaw(found.slope, found.low, found.high, math.exp(found.intercept), float(np.ptp(np.log(x))) / math.log(10))
