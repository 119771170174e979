"""The sweep engine: the numbers of a plain loop, one program, bounded memory, nothing lost or repeated after a cut."""

import os
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.engine import run as _run
from experiments.engine import sweep as _sweep
from experiments.engine.compiled import _program, counted, make_room, words_of
from experiments.engine.frame import Context
from experiments.engine.journal import Journal
from experiments.engine.rows import Places
from experiments.engine.sweep import Cell, chunk_size, sweep
from tests.walks import Settings, made_up, walk, walk_cell

CELLS = [walk_cell(9, 0.5, 13), walk_cell(0, 0.5, 4), walk_cell(30, 0.1, 13)]


def swept(cells=CELLS, *, seed=0, **given):
    context = Context(scale="test", quiet=True, **given)
    found = list(sweep(walk, cells, key=jax.random.key(seed), context=context, label="walks", footprint=1000))
    return found, context.notes["walks"]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


def test_the_numbers_are_those_of_a_plain_loop():
    key = jax.random.key(0)
    loop = [
        [jax.jit(walk)(cell.settings, jax.random.fold_in(jax.random.fold_in(key, j), i)) for i in range(cell.seeds)]
        for j, cell in enumerate(CELLS)
    ]
    for (end, top), expected in zip(swept()[0], loop, strict=True):
        np.testing.assert_allclose(end, [float(e) for e, _ in expected], rtol=0, atol=1e-12)
        np.testing.assert_allclose(top, [float(t) for _, t in expected], rtol=0, atol=1e-12)


def test_no_number_depends_on_the_chunk(monkeypatch):
    whole, notes = swept()
    assert notes["chunk"] == 13
    monkeypatch.setattr(_sweep, "MOST", {"cpu": 5})
    parts, notes = swept()
    assert notes["chunk"] <= 5
    assert notes["units"] >= 7
    for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(parts), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    assert not same(whole, swept(seed=1)[0])


def test_one_program_for_the_grid_and_none_for_the_next():
    _program.cache_clear()
    jax.random.key(0)
    assert swept()[1]["programs"] == 1
    assert swept([walk_cell(5, 1.0, 13), walk_cell(70, 2.0, 13)])[1]["programs"] == 0


def test_programs_are_counted():
    with counted() as programs:
        jax.jit(lambda x: x * 3.25)(np.ones(3))
        jax.jit(lambda x: x * 4.25)(np.ones(3))
    assert len(programs) == 2


def test_cells_of_other_shapes_are_refused():
    other = Cell({"steps": np.int64(3), "drift": np.ones(3)}, 4)
    with pytest.raises(ValueError, match="`cells` must have settings of one shape"):
        swept([*CELLS, other])


@pytest.mark.parametrize("seeds", [[1000, 400], [7], [50, 100], [10**6, 3], [997, 13]])
def test_chunks_fit_the_budget_and_waste_little(seeds):
    for budget in (10**3, 10**5, 2**31):
        chunk = chunk_size(seeds, footprint=100, budget=budget, backend="cpu")
        assert 1 <= chunk <= min(budget // 800, 2**11, max(seeds))
        assert sum(-(-n // chunk) * chunk for n in seeds) <= 1.5 * (sum(seeds) + 64 * len(seeds))
    with pytest.raises(ValueError, match="`budget` must hold 8 seeds of 100 bytes; got 799"):
        chunk_size(seeds, footprint=100, budget=799, backend="cpu")


def test_keys_of_32_bits_are_widened():
    wide = [words_of(jax.random.key(seed, impl="philox2x32")) for seed in range(2000)]
    assert len({tuple(words) for words in wide}) == 2000
    assert np.array_equal(words_of(jax.random.key(5)), jax.random.key_data(jax.random.key(5)))


def test_a_cut_run_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(_sweep, "MOST", {"cpu": 5})
    whole, notes = swept()
    journal = Journal(tmp_path / "journal")
    given = {"scale": "test", "quiet": True, "journal": journal}
    cut = sweep(walk, CELLS, key=jax.random.key(0), context=Context(**given), label="walks", footprint=1000)
    next(cut)
    cut.close()
    kept = sorted((tmp_path / "journal").rglob("*.unit"))
    assert 3 <= len(kept) < notes["units"]
    # A damaged file is as good as none; those of another seed or grid are not taken.
    kept[0].write_bytes(b"PK")
    resumed, notes = swept(journal=journal)
    assert notes["resumed"] == len(kept) - 1
    assert same(whole, resumed)
    for other in ({"seed": 1}, {"cells": CELLS[:2]}):
        assert swept(**other, journal=journal)[1]["resumed"] == 0
    found, notes = swept(journal=journal)
    assert notes["resumed"] == notes["units"]
    assert same(whole, found)
    journal.drop()
    assert not journal.folder.exists()


def test_a_run_drops_its_journal_when_its_rows_are_written(tmp_path, monkeypatch):
    module = made_up(Settings(cells=2, seeds=5, steps=3))
    monkeypatch.setattr(_run, "load", lambda stem: module)
    monkeypatch.setattr("experiments.engine.journal.FOLDER", tmp_path / "journal")
    run = partial(_run.run_stem, "sft", scale="smoke", seed=0, base=None, quiet=True)

    def cut(settings, context):
        module.whole(settings, context)
        assert list((tmp_path / "journal").rglob("*.unit"))
        raise KeyboardInterrupt

    module.whole, module.run = module.run, cut
    with pytest.raises(KeyboardInterrupt):
        run(places=Places.of("smoke", out=tmp_path / "cut"))
    assert list((tmp_path / "journal").rglob("*.unit"))
    module.run = module.whole
    run(places=Places.of("smoke", out=tmp_path / "cut"))
    assert not list((tmp_path / "journal").rglob("*.unit"))
    run(places=Places.of("smoke", out=tmp_path / "whole"))
    assert (tmp_path / "cut/rows/sft.csv").read_bytes() == (tmp_path / "whole/rows/sft.csv").read_bytes()


def test_memory_stays_within_the_footprint():
    from experiments.sft.trials import Setting, _padded, fixed

    base = np.log(np.full((6, 16), 1 / 16))
    at = _padded(Setting(base, np.full(6, 1 / 6), base, np.tile(base[:, None], (1, 8, 1)), 10**7, 10.0**4, 0.3, 0.0), 6, 8, 16)
    settings = jax.tree.map(lambda a: np.asarray(a)[None], at)
    zero = np.zeros(1, np.uint32)
    lowered = _program(fixed, 2000, tuple(jax.local_devices())).lower(settings, np.zeros(2, np.uint32), zero, zero)
    used = lowered.compile().memory_analysis().temp_size_in_bytes
    assert used <= 2000 * 8 * (30 * 64 + 6 * 16 * 20)


def test_progress_tells_rate_and_time_left(capsys, monkeypatch):
    monkeypatch.setattr("experiments.engine.frame.PAUSE", -1.0)
    assert list(Context(scale="test").track(iter("abc"), "letters", total=3)) == ["a", "b", "c"]
    said = capsys.readouterr().err
    assert "letters: 1 of 3" in said
    assert "/s, " in said
    assert " s left" in said


def test_traced_lengths_are_lengths():
    """A walk without noise: at the end of n steps of drift a it is at n (a^2 + 1); n - 1 steps would not do."""
    quiet = Cell({"steps": np.int64(40), "drift": np.array([0.5, 1.0])}, 400)
    (end, top), *_ = swept([quiet])[0]
    # 320 standard normals a walk.
    assert abs(end.mean() - 40 * 1.25) <= 4.9 * np.sqrt(320 / 400)
    assert (top >= jnp.maximum(end, 0) - 1e-12).all()


def test_the_cache_of_programs_is_bounded(tmp_path):
    """What was written first goes first, down to the bound and no further."""
    for number in range(5):
        path = tmp_path / f"program-{number}"
        path.write_bytes(bytes(100))
        os.utime(path, (1000 - number, 1000 - number))
    make_room(tmp_path, 500)
    assert len(list(tmp_path.iterdir())) == 5
    make_room(tmp_path, 299)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["program-0", "program-1"]
