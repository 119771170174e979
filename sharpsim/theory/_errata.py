"""Where the copy of the paper at hand (arXiv 2412.01951, v2) reads differently from what its proofs give.

What a number shows false is called false; a slip of a sign, a bar or an index is given as printed in the copy at hand and no more.
"""

from dataclasses import dataclass

KINDS = ("false by number", "typographic")


@dataclass(frozen=True)
class Erratum:
    """One departure: where, as printed, as it should be.

    It is shown by `test` (`file::name`) or by a run's verdict labelled with its place and expected to be "violated".
    """

    place: str
    printed: str
    corrected: str
    kind: str
    stem: str
    test: str = ""


ERRATA: tuple[Erratum, ...] = (
    Erratum(
        "Sec. 4.1, SFT objective",
        "maximises the sum of log pi_base(y_i)",
        "the sum of log pi(y_i)",
        "typographic",
        "sft",
        test="tests/theory/test_sft.py::test_printed_objective_does_not_depend_on_the_policy",
    ),
    Erratum(
        "Thm D.1 (and 4.1, 4.1')",
        "E[m] = n C log(1/delta)",
        "log(2/delta): E[N_s] >= log(2/delta)/P*, so the printed cost is below the truth",
        "false by number",
        "sft_adaptive",
        test="tests/theory/test_sft_adaptive.py::test_printed_cost_is_below_the_truth",
    ),
    Erratum(
        "Thm D.1, proof",
        "base mass of the set Y*; no factor n",
        "max_y of the base, times n: uniform on 10 responses at delta = .1, E[N_s] = 30 against 4",
        "false by number",
        "sft_adaptive",
        test="tests/theory/test_sft_adaptive.py::test_printed_cost_is_below_the_truth",
    ),
    Erratum(
        "Thm 3.1, 3.1'",
        "eps anywhere in (0, 1)",
        "eps <= 1/16, as D = 16 eps <= 1; near 1 a guess needs no samples",
        "false by number",
        "limits",
    ),
    Erratum("Thm D.2", "eps anywhere in (0, 1)", "eps <= 1/16", "false by number", "limits_adaptive"),
    Erratum("Lemma H.3, proof", "at least 1/4", "1/2, or else the conclusion is 1/16", "typographic", "limits"),
    Erratum(
        "Lemma H.4",
        "E[error] >= P[m_i <= M/3]/(4e)",
        "false: drawing until seen has error 0 (right side .040 at M = 8); P[m_i > M/3] >= 1/(2e) - 2 P[error] holds and suffices",
        "false by number",
        "limits_adaptive",
    ),
    Erratum("Eq. 15", "floor(d/2)", "ceil(d/2)", "typographic", "limits"),
    Erratum("Thm 3.1', proof", "log Pi / log(1 + C eps^(1/p))", "C log|Pi| / log(1 + C eps^(-1/p))", "typographic", "limits"),
    Erratum(
        "Thm 4.1'",
        "1 - 2 delta on the left; n without 1/rho; N called N* in 4.1",
        "1 - delta; log(|Pi|/rho)",
        "typographic",
        "sft",
        test="tests/theory/test_sft.py::test_printed_left_side_is_the_weaker_event",
    ),
    Erratum(
        "Lemma I.1, proof",
        "(1 - |Y*|/P*)^N*, P(y) >= N*/s",
        "(1 - |Y*| P*)^N*, P(y) <= s/N*",
        "typographic",
        "sft_adaptive",
        test="tests/theory/test_sft_adaptive.py::test_printed_ratio_is_no_probability",
    ),
    Erratum("Lemma H.1", "(j_1..j_d) in [d]^M", "in [M]^d", "typographic", "limits"),
    Erratum(
        "Lemma F.2",
        "log((T+1)K/lambda)",
        "holds for lambda <= K and fails beyond: d = K = T = 1, lambda = 1.5 gives 0.667 <= 0.375",
        "false by number",
        "xpo",
    ),
    Erratum(
        "Lemma 4.1'",
        "C_cov,g/(1-g)",
        "false for beta < 1: weights 1 and ten of 1/2, g = 1/2, beta = .1 give 5.94 against 2; C_cov,g (1-g)^(-1/beta)",
        "false by number",
        "dpo",
        test="tests/test_coefficients.py::test_erratum_to_lemma_4_1",
    ),
    Erratum(
        "Thm 4.2'",
        "C_conc a supremum over the class; beta free",
        "the comparator is outside the class; beta <= 1",
        "false by number",
        "dpo",
    ),
    Erratum(
        "Thm J.1, J.2",
        "alpha = beta/(R_max + V_max) sqrt(..); log(T/delta)",
        "beta (R_max + V_max) sqrt(..), as Algorithm 1 does not divide the square; log(T/rho)",
        "typographic",
        "xpo",
    ),
    Erratum("Lemma J.5, proof", "I_d, Sigma^(t)", "I_(d+1), Sigma^(i)", "typographic", "separation"),
    Erratum(
        "Sec. E.2",
        "greedy does not yield the argmax",
        "the first token ties; a strict variant exists",
        "false by number",
        "representation",
        test="tests/theory/test_representation.py::test_greedy_ties_and_errs_strictly_on_the_variant",
    ),
    Erratum("Lemma J.1", "log(2C + s)", "log(2C) + s", "typographic", "dpo"),
    Erratum(
        "Assumption J.2",
        "pi_base(Y*_g|x) >= (1+g_m) pi_base(y|x)",
        "max over y of the base on the left, as in Assumption 4.2",
        "typographic",
        "dpo",
    ),
    Erratum("Algorithm 1", "argmin of alpha sum log pi(y') minus the squares", "plus: the square is a loss", "typographic", "xpo"),
    Erratum(
        "Prop E.1",
        "theta_H = 2(...), factor e^B/(e^B + e^-B)",
        "(B/2)(...)",
        "typographic",
        "hardness",
        test="tests/theory/test_hardness.py::test_printed_coefficient_does_not_give_the_printed_factor",
    ),
    Erratum(
        "Prop E.2, end",
        "for any delta > 1/2",
        "delta < 1/2",
        "typographic",
        "representation",
        test="tests/theory/test_representation.py::test_some_member_is_sharpened_at_delta_above_one_half",
    ),
    Erratum(
        "App. E.2",
        "sharpened by increasing the temperature",
        "by lowering it",
        "typographic",
        "representation",
        test="tests/theory/test_representation.py::test_low_temperature_tends_to_its_limits_and_high_to_uniform",
    ),
)
