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


def power_law(x: Any, y: Any) -> PowerLaw:
    """Fit at least three positive points.

    Where the points are exact, the residuals are curvature and rounding to whole samples, not noise; the interval then measures these.
    """
    from scipy.special import stdtrit

    log_x, log_y = np.log(np.asarray(x, float)), np.log(np.asarray(y, float))
    if len(log_x) < 3 or not (np.isfinite(log_x).all() and np.isfinite(log_y).all()):
        raise ValueError(f"`x` and `y` must be at least three positive points; got {len(log_x)}.")
    centred = log_x - log_x.mean()
    exponent = float(centred @ log_y / (centred @ centred))
    intercept = float(log_y.mean() - exponent * log_x.mean())
    residual = log_y - intercept - exponent * log_x
    error = math.sqrt(float(residual @ residual) / (len(log_x) - 2) / float(centred @ centred))
    half = float(stdtrit(len(log_x) - 2, 0.975)) * error
    return PowerLaw(exponent, exponent - half, exponent + half, math.exp(intercept), float(np.ptp(log_x)) / math.log(10))
