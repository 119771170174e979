"""`python -m sharpsim.certified hunt|check|certify|list`: judge statements on many instances, re-verify and write certificates."""

import argparse
import json
import sys
from pathlib import Path

from sharpsim.certified import _hunt, check
from sharpsim.certified._certificate import certificate
from sharpsim.certified._statement import judge
from sharpsim.certified._statements import STATEMENTS
from sharpsim.certified._statements._guarantees import RUN


def certify(folder: Path) -> int:
    """Write one certificate for each printed statement that its extremal instance refutes, and those of `guarantees/`."""
    wanted = {name: (name, one.extremal) for name, one in STATEMENTS.items() if one.printed}
    wanted |= {f"guarantees/{name}": run for name, run in RUN.items()}
    (folder / "guarantees").mkdir(parents=True, exist_ok=True)
    for name, (statement, instance) in wanted.items():
        found = certificate(STATEMENTS[statement], instance, judge(STATEMENTS[statement], instance))
        (folder / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 where a statement that holds was refuted, or a certificate is not confirmed."""
    parser = argparse.ArgumentParser(prog="python -m sharpsim.certified", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    hunt = commands.add_parser("hunt", help="judge many generated instances of each statement; a journal keeps what is done")
    hunt.add_argument("--instances", type=int, default=100_000, help="of each statement")
    hunt.add_argument("--out", type=Path, required=True, help="the journal (JSON lines); the table is written beside it as .csv")
    hunt.add_argument("--only", nargs="+", choices=list(STATEMENTS), metavar="NAME", help="some statements")
    hunt.add_argument("--processes", type=int, default=1)
    confirm = commands.add_parser("check", help="re-verify certificates by the second derivation")
    confirm.add_argument("files", nargs="+", type=Path)
    ship = commands.add_parser("certify", help="write the certificates of what the paper prints and is false, and of the guarantees")
    ship.add_argument("folder", type=Path)
    commands.add_parser("list", help="names and claims")
    given = parser.parse_args(arguments)
    if given.command == "check":
        return check.main([str(path) for path in given.files])
    if given.command == "list":
        print("\n".join(f"{name}: {one.claim}" for name, one in STATEMENTS.items()))
        return 0
    if given.command == "certify":
        return certify(given.folder)
    if given.instances < 1 or given.processes < 1:
        parser.error("`--instances` and `--processes` must be at least 1")
    found = _hunt.hunt(given.out, instances=given.instances, names=given.only or STATEMENTS, processes=given.processes)
    _hunt.write(given.out.with_suffix(".csv"), found)
    for row in found:
        print(
            f"{row['statement']}: {row['proved']} proved, {row['vacuous']} vacuous, {row['undecided']} undecided, {row['refuted']} refuted"
        )
    return int(any(row["refuted"] for row in found if not STATEMENTS[row["statement"]].printed))


if __name__ == "__main__":
    sys.exit(main())
