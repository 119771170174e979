"""The same CSV for any number of devices and workers, and for a run that was killed, or whose worker was."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from experiments.engine.rows import ROOT

pytestmark = pytest.mark.slow


def run(out, *options, devices=1):
    """One run of the made-up stem in a process of its own; its CSV and what it noted."""
    environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    command = [sys.executable, "-m", "tests.walks", str(out), *options]
    subprocess.run(command, cwd=ROOT, check=True, env=environment, timeout=300, stdout=subprocess.DEVNULL)
    return (out / "rows/sft.csv").read_bytes(), json.loads((out / "rows/sft.json").read_text())["notes"]["walks"]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    found, notes = run(tmp_path_factory.mktemp("alone"))
    assert (notes["programs"], notes["devices"], notes["units"], notes["chunk"]) == (1, 1, 20, 10)
    return found


@pytest.mark.parametrize("devices", [2, 8])
def test_the_rows_do_not_know_how_many_devices_there_were(devices, alone, tmp_path):
    found, notes = run(tmp_path, devices=devices)
    assert (notes["programs"], notes["devices"]) == (1, devices)
    assert found == alone


def test_a_run_killed_twenty_times_is_the_undisturbed_one(tmp_path):
    command = [sys.executable, "-m", "tests.kill", str(tmp_path), "20"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=600).stdout
    record = json.loads(printed)
    assert record["kills"] == 20
    assert record["runs"] >= 1
    # Some kills fell among the units, or nothing was tested.
    assert any(0 < units < record["units"] for units in record["units_at_kill"])
    # What a killed process had computed and not yet put down is computed again: that is no repeat, the journal did not have it.
    assert (record["lost"], record["repeats"], record["equal"]) == (0, 0, True)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_rows_do_not_know_how_many_workers_there_were(workers, alone, tmp_path):
    pytest.importorskip("distributed")
    assert run(tmp_path, "--workers", str(workers))[0] == alone


def test_a_killed_worker_costs_a_retry(alone, tmp_path):
    distributed = pytest.importorskip("distributed")
    out = tmp_path / "out"
    # A free port: other tests may run a cluster at the same time.
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=None) as cluster:
        command = [sys.executable, "-m", "tests.walks", str(out), "--scheduler", cluster.scheduler_address]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        with distributed.Client(cluster) as client:
            # Once units are done and others are under way, one of the two workers dies.
            while len(list(out.rglob("*.unit"))) < 3:
                assert process.poll() is None
                time.sleep(0.01)
            pids = client.run(os.getpid)
            os.kill(next(iter(pids.values())), signal.SIGKILL)
        assert process.wait(timeout=300) == 0
    assert (out / "rows/sft.csv").read_bytes() == alone


def test_dask_is_asked_for_before_it_is_imported():
    code = "import sys, experiments.engine.sweep, experiments.sft, experiments.__main__; sys.exit('dask' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=300)
