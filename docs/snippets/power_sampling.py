"""Shown and executed on the page of power sampling."""

from sharpsim.theory import power_sampling

space = power_sampling.Space([[0, 0], [1, 0], [1, 1]], [-0.916290731874155, -1.203972804325936, -1.203972804325936], end_token=0)
kernels = {kept: power_sampling.block_kernel(space, alpha=4.0, cut="current", corrected=kept).matrix for kept in (True, False)}
{"length kept" if kept else "length left out": power_sampling.stationary_law(matrix).tolist() for kept, matrix in kernels.items()}
