"""Shown and executed on the page of the win rate under a wrong reward."""

from sharpsim.theory import win_rate

N = win_rate.best_draws(error=0.01)
{"N": N, "loses": win_rate.shortfall_bound(error=0.01, draws=N), "no rule below": win_rate.shortfall_lower_bound(error=0.01)}
