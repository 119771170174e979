"""Tables of sampled answers, from any model: read from the logs that people have, written, and split by model and task.

Call `read_logs` on files of any layout in `FORMATS`; it returns a `SampleTable` and a `Reading`, which says what was taken for what, or
raises `LogError`, which names the file, the line and the rule. `groups` splits a table by model and task, with as many draws as each prompt
has; `cells` does so for tables that are `rectangular`. `convert` and `write_samples` write tables; `draw_samples` makes one from any causal
model that transformers loads. NumPy only; pyarrow and transformers are imported by the functions that need them.
"""

from sharpsim.logs._alike import check_alike
from sharpsim.logs._cells import Cell, cells
from sharpsim.logs._errors import LogError
from sharpsim.logs._files import SUFFIXES, convert, read_all, read_samples, write_samples
from sharpsim.logs._groups import Group, groups
from sharpsim.logs._hugging_face import draw_samples
from sharpsim.logs._layout import rectangular
from sharpsim.logs._layouts import FORMATS
from sharpsim.logs._questions import Question, read_questions
from sharpsim.logs._read import read_logs
from sharpsim.logs._reading import FileReading, Reading, Skipped
from sharpsim.logs._samples import COLUMNS, GREEDY, SampleTable, concatenate

__all__ = [
    "COLUMNS",
    "Cell",
    "FORMATS",
    "FileReading",
    "GREEDY",
    "Group",
    "LogError",
    "Question",
    "Reading",
    "SUFFIXES",
    "SampleTable",
    "Skipped",
    "cells",
    "check_alike",
    "concatenate",
    "convert",
    "draw_samples",
    "groups",
    "read_all",
    "read_logs",
    "read_questions",
    "read_samples",
    "rectangular",
    "write_samples",
]
