"""Shown and executed on the page of DPO."""

from sharpsim.theory import dpo

given = {"log_class_size": 3.0, "delta": 0.3, "rho": 0.1, "beta": 0.1, "concentrability": 5.0, "loss_moment": 5.0, "margin": 1.0}
[(n, dpo.bound(n=n, **given)) for n in (10**6, 10**9, 10**12)]
