"""Shown and executed on the page of greedy decoding."""

from sharpsim.theory import greedy

modes = (0.4, 0.6, 0.9)
[(p, greedy.bound(mode_probability=p), greedy.may_fail(mode_probability=p)) for p in modes]
