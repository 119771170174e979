"""The prefixes of a list of responses, and sums over them. `power_sampling` exports `Space`."""

from typing import Any

import numpy as np

from sharpsim._arguments import LABEL, REAL, ROW, Kind, arrays, checked
from sharpsim._logspace import normalise

ALPHA = Kind("at least 1 and at most 1e6", lambda x: (x >= 1) & (x <= 1e6))
MOST = 2**12
"""The largest number of responses of a `Space`: kernels on them are dense matrices."""


class Space:
    """An autoregressive policy by the list of its responses: every response that can occur, each with its probability.

    `responses` are tokens [responses, horizon], padded with the end token after the end, and `log_probs` [responses] in nats, as
    `policies.tabulate` gives them for one prompt. The next-token laws follow: p(v | prefix) is a quotient of sums of probabilities.

    Prefixes are numbered, 0 the empty one, shorter ones first. For each prefix: `parent` (-1 for the empty one), `depth` its number of
    tokens, `log_mass` that of all responses that begin with it. `path` [responses, horizon + 1] holds the prefixes of each response, the
    whole response again after its end; `leaf` the last; `lengths` the numbers of tokens, the end token included.

    Raises `ValueError` for more than 4096 responses, equal ones, ones that cannot occur, and tokens after the end.
    """

    @checked(responses=arrays(LABEL, "responses", "horizon"), log_probs=ROW, end_token=LABEL)
    def __init__(self, responses: Any, log_probs: Any, *, end_token: int | None = None):
        tokens = np.asarray(responses).astype(np.int64)
        self.log_probs = normalise(np.asarray(log_probs, dtype=np.float64), np)
        if len(tokens) > MOST:
            raise ValueError(f"`responses` must be at most {MOST}; got {len(tokens)}.")
        if not np.isfinite(self.log_probs).all():
            raise ValueError("`log_probs` must be above -inf: leave out the responses that cannot occur.")
        ends = tokens == end_token if end_token is not None else np.zeros(tokens.shape, dtype=bool)
        after = np.cumsum(ends, axis=1) - ends > 0
        if (after & ~ends).any():
            raise ValueError("`responses` must hold nothing but the end token after the end.")
        self.responses, self.horizon = tokens, tokens.shape[1]
        self.lengths = self.horizon - after.sum(axis=1)
        self.path = np.zeros((len(tokens), self.horizon + 1), dtype=np.int64)
        parents, depths = [np.array([-1])], [np.array([0])]
        size = 1
        for h in range(1, self.horizon + 1):
            alive = self.lengths >= h
            pairs = np.stack([self.path[alive, h - 1], tokens[alive, h - 1]], axis=1)
            found, which = np.unique(pairs, axis=0, return_inverse=True)
            self.path[:, h] = self.path[:, h - 1]
            self.path[alive, h] = size + which.reshape(-1)
            parents.append(found[:, 0])
            depths.append(np.full(len(found), h))
            size += len(found)
        self.parent, self.depth, self.leaf = np.concatenate(parents), np.concatenate(depths), self.path[:, -1]
        if len(np.unique(self.leaf)) < len(tokens):
            raise ValueError("`responses` must all be different; got one twice.")
        self.log_mass = self._sums(self.log_probs)

    @property
    def prefixes(self) -> int:
        """The number of prefixes, the empty one and the whole responses among them."""
        return len(self.parent)

    @property
    def log_step(self) -> np.ndarray:
        """log p(last token | the tokens before) of each prefix; 0 for the empty one."""
        return self.log_mass - np.where(self.parent >= 0, self.log_mass[self.parent], 0.0)

    def _sums(self, log_values: np.ndarray) -> np.ndarray:
        """log of the sum of the values of all responses that begin with each prefix."""
        total = np.full(self.prefixes, -np.inf)
        total[self.leaf] = log_values
        return self._upward(total, np.zeros(self.prefixes))

    def _upward(self, log_ends: np.ndarray, log_factors: np.ndarray) -> np.ndarray:
        """log f with f(prefix) = sum over next tokens of factor(prefix v) f(prefix v), and f = `log_ends` at whole responses."""
        total = log_ends.copy()
        for h in range(self.horizon, 0, -1):
            these = np.flatnonzero(self.depth == h)
            np.logaddexp.at(total, self.parent[these], log_factors[these] + total[these])
        return total

    def _children_sums(self, log_values: np.ndarray) -> np.ndarray:
        """log of the sum of a value over the next tokens, for each prefix; -inf at whole responses."""
        total = np.full(self.prefixes, -np.inf)
        np.logaddexp.at(total, self.parent[1:], log_values[1:])
        return total

    @checked(log_steps=arrays(REAL, "prefixes"))
    def along(self, log_steps: Any) -> np.ndarray:
        """The sum of a value [prefixes], one for the last token of each prefix, over all tokens of each prefix."""
        log_steps = np.asarray(log_steps, dtype=np.float64)
        if len(log_steps) != self.prefixes:
            raise ValueError(f"`log_steps` must hold {self.prefixes} numbers, one for each prefix; got {len(log_steps)}.")
        total = np.zeros(self.prefixes)
        for h in range(1, self.horizon + 1):
            these = np.flatnonzero(self.depth == h)
            total[these] = total[self.parent[these]] + log_steps[these]
        return total

    def whole(self) -> np.ndarray:
        """Whether each prefix is a whole response."""
        found = np.zeros(self.prefixes, dtype=bool)
        found[self.leaf] = True
        return found

    def ancestors(self) -> np.ndarray:
        """[prefixes, horizon + 1]: the first h tokens of each prefix, h = 0, 1, ..; the prefix itself where it has fewer."""
        found = np.repeat(np.arange(self.prefixes)[:, None], self.horizon + 1, axis=1)
        for h in range(self.horizon - 1, -1, -1):
            longer = self.depth > h
            found[longer, h] = self.parent[found[longer, h + 1]]
        return found

    @checked(alpha=ALPHA)
    def log_zeta(self, alpha: float) -> np.ndarray:
        """log zeta of each prefix: the sum over its completions of p(completion | prefix)^alpha; 0 at whole responses."""
        ends = np.full(self.prefixes, -np.inf)
        ends[self.leaf] = 0.0
        return self._upward(ends, alpha * self.log_step)

    @checked(alpha=ALPHA)
    def tempered_steps(self, alpha: float) -> np.ndarray:
        """log of the next-token laws at temperature 1/alpha, at each prefix for its last token; 0 for the empty one."""
        raised = alpha * self.log_step
        return np.where(self.parent >= 0, raised - self._children_sums(raised)[self.parent], 0.0)
