"""How fast this is: ratios against what a user would pick instead, and against what the machine can do.

`python -m benchmarks` runs all and writes `results.csv`, `growth.csv`, `accelerator.csv` and the page `RESULTS.md`;
`python -m benchmarks NAME` replaces the rows of one. Ours are the public functions, called in `_ours.py` alone; rivals live in
`_numpy*.py`, `_torch*.py` and `alias.c`.
"""
