"""Draws SFT- and DPO-Sharpening of sequence models, and the map of when sharpening helps.

`tuned` draws the models through training, Table 1 and sharpness; `map` draws the map, the laws on which it is exact, and the models on it.
"""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.amortise import map as _map
from figures.amortise import tuned as _tuned

CAPTIONS = _tuned.CAPTIONS | _map.CAPTIONS


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """The parts that `tuned` draws; and "map", where its rows are there."""
    return _tuned.draw(tables) | _map.draw(tables)
