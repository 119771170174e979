"""The statements that are certified, by name: those that hold, and what the paper prints and is false."""

from sharpsim.certified._statement import Statement
from sharpsim.certified._statements import _bounds, _coverage, _dpo, _guarantees, _laws, _limits, _printed

STATEMENTS: dict[str, Statement] = {
    statement.name: statement
    for module in (_laws, _coverage, _dpo, _guarantees, _bounds, _limits, _printed)
    for statement in module.STATEMENTS
}
"""Every statement by its name."""
