"""`sharpsim samples`: draws a table of samples from a model that transformers loads."""

import argparse
from inspect import signature
from pathlib import Path

from sharpsim.files import try_folder
from sharpsim.logs import draw_samples


def add_options(command: argparse.ArgumentParser) -> None:
    """The arguments of `sharpsim.logs.draw_samples`. What decides the numbers has no default."""
    command.add_argument("--model", required=True, help="name on the Hugging Face hub, or a folder with the model")
    command.add_argument("--questions", type=Path, required=True, help="JSONL with prompt, answer and, if need be, pattern")
    command.add_argument("--out", type=Path, required=True, help="the table to write: .csv or .parquet")
    command.add_argument("--draws", type=int, required=True, help="draws of each prompt and seed (the paper: 50)")
    command.add_argument("--seeds", type=int, required=True, help="number of seeds, 0, 1, ... (the paper: 10)")
    command.add_argument("--max-tokens", type=int, required=True, help="length at which responses are cut off (the paper: 512)")
    command.add_argument("--pattern", help="pattern of the questions that have none")
    command.add_argument("--chat", action="store_true", help="put each prompt through the tokenizer's chat template, as a user's turn")
    command.add_argument("--name", help="the column `model`; the last part of --model if not given")
    command.add_argument("--task", help="the column `task`; the questions' file name if not given")
    command.add_argument("--batch", type=int, default=64, help="responses drawn at once")
    command.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    command.add_argument("--device", help="torch device; a GPU where there is one if not given")


def run(options: argparse.Namespace) -> int:
    """Draw, and print where the table is."""
    try_folder(options.out.parent)
    names = signature(draw_samples).parameters
    print(draw_samples(**{name: value for name, value in vars(options).items() if name in names}))
    return 0
