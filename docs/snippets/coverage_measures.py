"""Shown and executed on the page of the measures of coverage."""

from sharpsim.theory import coverage_measures

exact = coverage_measures.beta_miss(a=0.5, b=2.0, draws=1000)
{
    "C_cov": coverage_measures.beta_coverage(a=0.5, b=2.0),
    "miss": exact,
    "bound": coverage_measures.beta_miss_bound(a=0.5, b=2.0, draws=1000),
}
