"""The list of errata: where the text of the paper (arXiv 2412.01951, v2, the copy at hand) differs from what its proofs give.

The kind "false by number" means that a computed value contradicts the printed statement. The kind "typographic" means a wrong sign, bar or
index in the copy at hand, and claims no more.
"""

from dataclasses import dataclass

ERRATUM_KINDS = ("false by number", "typographic")


@dataclass(frozen=True)
class Erratum:
    """One erratum: its place in the paper, the text as printed, and the text as it should be.

    It is shown by `test` (`file::name`), or by a run's verdict whose label is `place` and whose word is "erratum shown".
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
        test="tests/theory/test_limits.py::test_printed_range_of_eps_is_false",
    ),
    Erratum(
        "Thm D.2",
        "eps anywhere in (0, 1)",
        "eps <= 1/16",
        "false by number",
        "limits_adaptive",
        test="tests/theory/test_limits_adaptive.py::test_printed_range_of_eps_is_false",
    ),
    Erratum(
        "Lemma H.3, proof",
        "at least 1/4",
        "1/2, or else the conclusion is 1/16",
        "typographic",
        "limits",
        test="tests/theory/test_limits.py::test_printed_quarter_gives_a_sixteenth",
    ),
    Erratum(
        "Lemma H.4",
        "E[error] >= P[m_i <= M/3]/(4e)",
        "false: drawing until seen has error 0 (right side .040 at M = 8); P[m_i > M/3] >= 1/(2e) - 2 P[error] holds and suffices",
        "false by number",
        "limits_adaptive",
        test="tests/theory/test_limits_adaptive.py::test_printed_lemma_is_false",
    ),
    Erratum(
        "Eq. 15", "floor(d/2)", "ceil(d/2)", "typographic", "limits", test="tests/theory/test_limits.py::test_half_of_the_prompts_rounds_up"
    ),
    Erratum(
        "Thm 3.1', proof",
        "log Pi / log(1 + C eps^(1/p))",
        "C log|Pi| / log(1 + C eps^(-1/p))",
        "typographic",
        "limits",
        test="tests/theory/test_limits.py::test_printed_logarithm_has_the_wrong_sign",
    ),
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
    Erratum(
        "Lemma H.1",
        "(j_1..j_d) in [d]^M",
        "in [M]^d",
        "typographic",
        "limits",
        test="tests/theory/test_limits.py::test_secrets_are_labels_of_prompts",
    ),
    Erratum(
        "Lemma F.2",
        "log((T+1)K/lambda)",
        "holds for lambda <= K and fails beyond: d = K = T = 1, lambda = 1.5 gives 0.667 <= 0.375",
        "false by number",
        "xpo",
        test="tests/theory/test_xpo.py::test_printed_elliptic_bound_is_false",
    ),
    Erratum(
        "Lemma 4.1'",
        "C_cov,g/(1-g)",
        "false for beta < 1: weights 1 and ten of 1/2, g = 1/2, beta = .1 give 5.94 against 2; C_cov,g (1-g)^(-1/beta)",
        "false by number",
        "dpo",
        test="tests/theory/test_dpo.py::test_printed_lemma_4_1_fails_below_beta_one",
    ),
    Erratum(
        "Thm 4.2'",
        "C_conc a supremum over the class; beta free",
        "the comparator is outside the class; beta <= 1",
        "false by number",
        "dpo",
        test="tests/theory/test_dpo.py::test_comparator_is_outside_the_class",
    ),
    Erratum(
        "Lemma J.1, beta",
        "beta unrestricted where Thm 4.2' uses it",
        "beta <= 1: at beta = 3 a response of base mass .001 breaks the tail",
        "false by number",
        "dpo",
        test="tests/theory/test_dpo.py::test_lemma_j1_needs_beta_at_most_one",
    ),
    Erratum(
        "Thm J.1, J.2",
        "alpha = beta/(R_max + V_max) sqrt(..); log(T/delta)",
        "beta (R_max + V_max) sqrt(..), as Algorithm 1 does not divide the square; log(T/rho)",
        "typographic",
        "xpo",
        test="tests/theory/test_xpo.py::test_printed_alpha_ignores_the_unit",
    ),
    Erratum(
        "Lemma J.5, proof",
        "I_d, Sigma^(t)",
        "I_(d+1), Sigma^(i)",
        "typographic",
        "separation",
        test="tests/theory/test_separation.py::test_printed_proof_of_lemma_j5_has_too_few_dimensions",
    ),
    Erratum(
        "Sec. E.2",
        "greedy does not yield the argmax",
        "the first token ties; a strict variant exists",
        "false by number",
        "representation",
        test="tests/theory/test_representation.py::test_greedy_ties_and_errs_strictly_on_the_variant",
    ),
    Erratum(
        "Lemma J.1",
        "log(2C + s)",
        "log(2C) + s",
        "false by number",
        "dpo",
        test="tests/theory/test_dpo.py::test_printed_lemma_j1_has_a_misplaced_bracket",
    ),
    Erratum(
        "Assumption J.2",
        "pi_base(Y*_g|x) >= (1+g_m) pi_base(y|x)",
        "max over y of the base on the left, as in Assumption 4.2: with the set's mass the margin step fails",
        "false by number",
        "dpo",
        test="tests/theory/test_dpo.py::test_margin_with_slack_needs_the_largest_on_the_left",
    ),
    Erratum(
        "Algorithm 1",
        "argmin of alpha sum log pi(y') minus the squares",
        "plus: the square is a loss",
        "typographic",
        "xpo",
        test="tests/classes/test_optimistic.py::test_printed_sign_seeks_the_worst_fit",
    ),
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
