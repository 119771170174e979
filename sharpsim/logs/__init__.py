"""Tables of sampled answers, from any model: read, checked, written, and split into one cell for each model and task.

Call `read_samples` on a CSV or Parquet file of logged draws; it returns a `SampleTable` or raises `LogError`, which names the file, the
row and the rule. `draw_samples` makes such a table from any causal model that transformers loads. NumPy only; pyarrow and transformers
are imported by the functions that need them.
"""

from sharpsim.logs._cells import Cell, cells
from sharpsim.logs._errors import LogError
from sharpsim.logs._files import SUFFIXES, read_all, read_samples, write_samples
from sharpsim.logs._hugging_face import draw_samples
from sharpsim.logs._questions import Question, read_questions
from sharpsim.logs._samples import COLUMNS, GREEDY, SampleTable, concatenate

__all__ = [
    "COLUMNS",
    "Cell",
    "GREEDY",
    "LogError",
    "Question",
    "SUFFIXES",
    "SampleTable",
    "cells",
    "concatenate",
    "draw_samples",
    "read_all",
    "read_questions",
    "read_samples",
    "write_samples",
]
