"""Draws more alike than their log-probabilities allow: the test keeps its level, and sees temperatures, top-p and means over tokens."""

import numpy as np
import pytest

from sharpsim.logs import COLUMNS, SampleTable, check_alike, groups, read_logs, write_samples
from sharpsim.logs._alike import LAMBDAS, alike


def drawn(seed, *, power=1.0, top=None, prompts=20, draws=30, size=40, digests=True):
    """Draws from policies over `size` responses, tempered or cut, with the log-probabilities of the whole policies."""
    rng = np.random.default_rng(seed)
    laws = rng.dirichlet(np.full(size, 0.3), prompts)
    used = laws**power
    if top is not None:
        used = np.where(laws >= np.sort(laws, axis=1)[:, [-top]], used, 0.0)
    used /= used.sum(axis=1, keepdims=True)
    picked = np.stack([rng.choice(size, draws, p=law) for law in used])
    n = prompts * draws
    return SampleTable(
        model=np.full(n, "m"), task=np.full(n, "t"), prompt=np.repeat([f"p{i}" for i in range(prompts)], draws), seed=np.zeros(n),
        sample=np.tile(np.arange(draws), prompts), log_prob=np.log(np.take_along_axis(laws, picked, axis=1)).ravel(), tokens=np.ones(n),
        answer=(picked % 7).astype(str).ravel(), correct=np.ones(n), digest=picked.ravel() + 1 if digests else None,
    )  # fmt: skip


def by_hand(table):
    """The sum over draws, one by one."""
    logs = np.zeros(len(LAMBDAS))
    for prompt in dict.fromkeys(table.prompt):
        seen = {}
        for row in np.flatnonzero(table.prompt == prompt):
            mass = sum(seen.values())
            again = table.digest[row] in seen
            logs += LAMBDAS * again - np.log(1 + mass * (np.exp(LAMBDAS) - 1))
            seen[table.digest[row]] = np.exp(table.log_prob[row])
    return np.log(np.mean(np.exp(logs)))


def test_the_statistic_is_the_product_over_draws():
    table = drawn(0, prompts=3, draws=8)
    (group,) = groups(table)
    found = alike(group)
    assert found.log_e == pytest.approx(by_hand(table), rel=1e-10)
    assert found.repeats == sum(8 - len(set(table.digest[table.prompt == f"p{i}"].tolist())) for i in range(3))


@pytest.mark.parametrize("digests", [True, False])
def test_its_expectation_is_one_and_its_level_is_kept(digests):
    """Over 400 logs the mean e-value is near 1, and at 1/20 there are at most 20 alarms; the policy's own logs are not warned of."""
    values = np.array([alike(next(groups(drawn(seed, prompts=2, draws=6, digests=digests)))).log_e for seed in range(400)])
    assert 0.7 < np.exp(values).mean() < 1.3
    assert (values >= np.log(20)).sum() <= 20
    assert not any(check_alike(drawn(seed, digests=digests), false_alarm=0.01) for seed in range(10))


@pytest.mark.parametrize("how", [{"power": 1.6}, {"top": 6}])
@pytest.mark.parametrize("digests", [True, False])
def test_other_temperatures_and_top_p_are_seen(how, digests, tmp_path):
    table = drawn(1, digests=digests, **how)
    (warning,) = check_alike(table, false_alarm=1e-6)
    assert "more alike than their log-probabilities allow" in warning
    # Unless the reader is told.
    write_samples(tmp_path / "t.csv", table)
    assert read_logs(tmp_path / "t.csv")[1].warnings == (warning,)
    assert read_logs(tmp_path / "t.csv", temperature=0.6)[1].warnings == ()
    # Draws that are less alike are another matter.
    assert not check_alike(drawn(1, power=0.6, digests=digests), false_alarm=1e-6)


def test_means_over_tokens_are_seen():
    table = drawn(2)
    whole = {name: getattr(table, name) for name in COLUMNS if name != "log_prob"}
    (warning,) = check_alike(SampleTable(**whole, log_prob=table.log_prob / 30), false_alarm=1e-6)
    assert "sum to" in warning
    assert "mean over the tokens" in warning


def test_nothing_is_tested_where_nothing_is_known():
    table = drawn(1, power=3.0, digests=False)
    columns = {name: getattr(table, name) for name in COLUMNS if name not in ("log_prob", "digest")}
    assert check_alike(SampleTable(**columns, log_prob=np.full(len(table), np.nan)), false_alarm=1e-6) == []
    assert check_alike(SampleTable(**columns, log_prob=np.round(table.log_prob, 2)), false_alarm=1e-6) == []
    for bad in (0.0, 1.0):
        with pytest.raises(ValueError, match="`false_alarm` must be in"):
            check_alike(table, false_alarm=bad)
