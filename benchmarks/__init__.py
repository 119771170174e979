"""How fast the library is, as ratios: against what a user would pick instead, and against what the machine can do.

`python -m benchmarks` runs all benchmarks and writes `results.csv`, `growth.csv`, `accelerator.csv` and the page `RESULTS.md`.
`python -m benchmarks NAME` runs one and replaces its rows. All calls of the library are in `_ours.py`. The alternatives ("rivals") are in
`_numpy*.py`, `_torch*.py` and `alias.c`.
"""
