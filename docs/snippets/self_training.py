"""Shown and executed on the page of rounds of self-training."""

from sharpsim.theory import self_training

one = self_training.takeover_bound(log_odds=0.4, draws=9)
{
    "wins one vote of 9": one,
    "takes over, beta 1": self_training.takeover(log_odds=0.4, beta=1.0, draws=9),
    "takes over, beta 5": self_training.takeover(log_odds=0.4, beta=5.0, draws=9),
}
