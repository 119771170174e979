"""Shown and executed on the page of adaptive sampling."""

from sharpsim.theory import sft_adaptive

needed = sft_adaptive.prompts_needed(log_class_size=7.0, eps=0.1, delta=0.3, rho=0.1)
needed, sft_adaptive.bound(log_class_size=7.0, n=needed, delta=0.3, rho=0.1)
