"""Shown and executed on the page of SFT-Sharpening."""

from sharpsim.theory import sft

needed = sft.samples_needed(log_class_size=7.0, eps=0.1, delta=0.3, rho=0.1, coverage=20.0)
needed, sft.bound(log_class_size=7.0, n=needed.n, N=needed.N, delta=0.3, rho=0.1, coverage=20.0)
