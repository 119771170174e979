"""The atlas: instances and trained models in rows, what their coverage is and what it promises in columns, made from the committed rows."""

from pages import escaped, table

from experiments.engine.rows import Places, read_parts

STEM = "coverage_measures"
PROSE = """# The atlas of coverage

Six bases on one page: random rows, the hard family of the lower bounds, and a small transformer on four tasks. The first table has the
measures of coverage, for the mode ($Q$, $\\bar C_{\\text{cov}}$) and for the tilted target at $\\beta = 1/2$ (all others). The other tables
have the draws for each prompt that the measures promise, beside the draws that are needed. The page is made from the rows of the
experiment [`coverage_measures`](coverage_measures.md), which says what each word means."""
AIMS = {"mode": "best of N finds the mode", "tilted": "one draw of the tilted policy", "normaliser": "the tilted policy's normaliser"}


def page() -> str:
    """The page."""
    rows = read_parts(STEM, Places.reference())
    measures, needs = rows["coefficients"], rows["needs"]
    lines = [PROSE, "## Measures of coverage", _pivot(measures, "coefficient", "value", "{:.3g}")]
    for aim, title in AIMS.items():
        lines += [f"## Draws: {title}", _pivot(needs.where(aim=aim), "measure", "draws", "{:,.0f}")]
    return "\n\n".join(lines) + "\n"


def _pivot(rows, column: str, value: str, shown: str) -> str:
    instances, names = (list(dict.fromkeys(rows[key].tolist())) for key in ("instance", column))
    found = {(row["instance"], row[column]): shown.format(row[value]) for row in rows.rows()}
    body = [(escaped(instance), *(found[instance, name] for name in names)) for instance in instances]
    return table(("base", *("needed" if name == "exact" else escaped(name) for name in names)), body)
