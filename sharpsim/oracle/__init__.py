"""The sample-and-evaluate framework (Definition 3.2) and its adaptive extension (Definition D.1) as objects.

An oracle holds the base policy and the prompt distribution, and gives only samples and their likelihoods. Algorithms are handed an oracle
instead of the base policy, so they cannot use more than the framework allows. Every batch carries its cost in samples.

`Oracle` makes every draw. `LawOracle` draws the answer to the same query from its exact distribution, which is much faster for large N.
Source: Huang et al. 2025, arXiv 2412.01951v2, Def 3.2 and Def D.1.
"""

from sharpsim.oracle._law import LawOracle
from sharpsim.oracle._literal import Oracle

__all__ = ["LawOracle", "Oracle"]
