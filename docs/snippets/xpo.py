"""Shown and executed on the page of XPO."""

from sharpsim.theory import xpo

given = {"log_class_size": 3.0, "rho": 0.1, "v_max": 2.0, "r_max": 2.0}
[(T, xpo.regret_bound(T=T, sec=xpo.sec_linear(d=3, T=T), **given)) for T in (10**4, 10**6, 10**8)]
