"""Some prompts of a group of draws."""

from dataclasses import fields, replace

import numpy as np

from sharpsim.logs import Group


def only_prompts(group: Group, keep: np.ndarray) -> Group:
    """The group without the prompts for which `keep`, `[prompts]`, is false."""
    rows = np.repeat(keep, group.counts)
    made = {}
    for field in fields(group):
        values = getattr(group, field.name)
        if isinstance(values, np.ndarray) and field.name != "starts":
            made[field.name] = values[keep] if field.name == "prompts" or field.name.startswith("greedy") else values[rows]
    return replace(group, starts=np.append(0, np.cumsum(group.counts[keep])), **made)
