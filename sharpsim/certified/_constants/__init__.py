"""The sharp constants, by name."""

from sharpsim.certified._constant import Constant
from sharpsim.certified._constants import _distances, _laws, _tilt

CONSTANTS: dict[str, Constant] = {constant.name: constant for module in (_laws, _tilt, _distances) for constant in module.CONSTANTS}
"""Every sharp constant by its name."""
