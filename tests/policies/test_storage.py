"""Files of policies broken on purpose: each is refused with the file and the reason, and takes no memory that it does not deserve."""

import io
import json
import resource
import zipfile

import equinox as eqx
import jax
import numpy as np
import pytest

from sharpsim.policies import GRUPolicy, NGramPolicy, TransformerPolicy, load_policy, save_policy

SIZES = {"vocabulary_size": 4, "horizon": 4, "prompt_length": 3, "end_token": 3}


def transformer():
    return eqx.filter_jit(TransformerPolicy)(**SIZES, layers=1, width=8, heads=2, key=jax.random.key(0, impl="philox2x32"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("policy") / "policy.npz"
    save_policy(transformer(), path, precision="float32")
    return path.read_bytes()


def arrays_of(content: bytes) -> dict:
    with np.load(io.BytesIO(content)) as stored:
        return dict(stored)


def changed(content: bytes, **others) -> bytes:
    """The archive with other arrays; one that is None goes."""
    stream = io.BytesIO()
    np.savez(stream, **{name: array for name, array in (arrays_of(content) | others).items() if array is not None})
    return stream.getvalue()


def configured(content: bytes, **others) -> bytes:
    config = json.loads(str(arrays_of(content)["config"])) | others
    return changed(content, config=np.array(json.dumps({name: value for name, value in config.items() if value != "gone"})))


def header_of_billions(content: bytes) -> bytes:
    """`out` claims an array of 8 TB, in an archive that says so too."""
    stream, header = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)})
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, header.getvalue() if info.filename == "out.npy" else old.read(info))
    return stream.getvalue()


BROKEN = {
    "empty": (lambda b: b"", "not a zip file"),
    "cut in half": (lambda b: b[: len(b) // 2], "not a zip file"),
    "cut by a byte": (lambda b: b[:-1], "not a zip file"),
    "another mark": (lambda b: b"XX" + b[2:], "magic number|not a zip file|[Bb]ad"),
    "an array, no archive": (lambda b: b"\x93NUMPY" + b[6:40], "not a zip file"),
    "text": (lambda b: b"no policy", "not a zip file"),
    "no configuration": (lambda b: changed(b, config=None), "it has no configuration"),
    "a parameter missing": (lambda b: changed(b, out=None), "out do not fit its configuration"),
    "a parameter too many": (lambda b: changed(b, more=np.zeros(3)), "more do not fit its configuration"),
    "another shape": (lambda b: changed(b, out=np.zeros((8, 5))), "out do not fit its configuration"),
    "text for numbers": (lambda b: changed(b, out=np.full((8, 4), "a")), "out do not fit its configuration"),
    "complex numbers": (lambda b: changed(b, out=np.zeros((8, 4), complex)), "out do not fit its configuration"),
    "objects": (lambda b: changed(b, out=np.full((8, 4), None)), "it holds Python objects"),
    "NaN": (lambda b: changed(b, out=np.full((8, 4), np.nan)), "NaN or infinity in out"),
    "too large for float32": (lambda b: changed(b, out=np.full((8, 4), 1e300)), "NaN or infinity in out"),
    "a far larger array": (lambda b: changed(b, out=np.zeros(10**6)), "out do not fit its configuration"),
    "a header of billions": (header_of_billions, "bytes follow"),
    "a configuration that is no JSON": (lambda b: changed(b, config=np.array("{")), "Expecting"),
    "a configuration that is a list": (lambda b: changed(b, config=np.array("[1]")), "no JSON object"),
    "a deep configuration": (lambda b: changed(b, config=np.array("[" * 10000)), "JSON|Expecting"),
    "a long configuration": (lambda b: changed(b, config=np.array(" " * 10**5)), "its configuration has 400128 bytes"),
    "no kind": (lambda b: configured(b, kind="gone"), "its kind must be among gru, ngram, transformer; got None"),
    "an unknown kind": (lambda b: configured(b, kind="oracle"), "got 'oracle'"),
    "a key missing": (lambda b: configured(b, width="gone"), "none of a policy of kind 'transformer'.*width"),
    "a key too many": (lambda b: configured(b, colour=3), "none of a policy of kind 'transformer'.*colour"),
    "another kind's keys": (lambda b: configured(b, kind="ngram"), "none of a policy of kind 'ngram'"),
    "text for a size": (lambda b: configured(b, width="8"), "width = '8'"),
    "a size below 1": (lambda b: configured(b, width=0), "`width`"),
    "a million layers": (lambda b: configured(b, layers=10**6), "1000000 layers, and it holds 1"),
    "a huge width": (lambda b: configured(b, width=2**30), "`width` must be smaller"),
    "a size past all": (lambda b: configured(b, width=10**30), "below 2\\^31"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_refused_with_its_name_and_the_reason(what, whole, tmp_path):
    change, said = BROKEN[what]
    path = tmp_path / "policy.npz"
    path.write_bytes(change(whole))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=rf"^`path` must hold a policy written by `save_policy`; got .*policy\.npz: (?s:.*)({said})"):
        load_policy(path)
    # Kilobytes; JAX compiles a little on the way.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_no_file_and_a_folder_are_refused(tmp_path):
    for path, said in ((tmp_path / "none.npz", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ValueError, match=said):
            load_policy(path)


def test_every_flipped_bit_is_refused_or_changes_nothing(whole, tmp_path):
    """A flip is noticed by the archive's checksums or by the rules; one that no reader looks at (dates, say) changes nothing."""
    path, rng = tmp_path / "policy.npz", np.random.default_rng(0)
    leaves = jax.tree.leaves(transformer())
    refused = kept = 0
    for _ in range(150):
        broken = bytearray(whole)
        broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
        path.write_bytes(broken)
        try:
            found = load_policy(path)
        except ValueError as refusal:
            refused += "policy.npz" in str(refusal)
        else:
            kept += all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(found), leaves, strict=True))
    assert refused + kept == 150
    assert 75 < refused < 150


def test_a_file_is_saved_whole_or_not_at_all(whole, tmp_path, monkeypatch):
    path = tmp_path / "policy.npz"
    path.write_bytes(whole)
    monkeypatch.setattr("pathlib.Path.replace", lambda self, to: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        save_policy(transformer(), path, precision="float16")
    assert path.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("policy", [
    eqx.filter_jit(GRUPolicy)(**SIZES, width=4, hidden=4, key=jax.random.key(0, impl="philox2x32")),
    NGramPolicy.from_pairs(np.array([[0, 1, -1]]), np.array([[1, 2, 3, 3]]), order=2, strength=1.0, vocabulary_size=4, end_token=3),
], ids=["gru", "ngram"])  # fmt: skip
def test_the_other_kinds_read_back(policy, tmp_path):
    save_policy(policy, tmp_path / "policy", precision="float32")
    again = load_policy(tmp_path / "policy.npz")
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(again), jax.tree.leaves(policy), strict=True))
