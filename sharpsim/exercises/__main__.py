"""`python -m sharpsim.exercises` is the command `sharpsim-exercises`."""

import sys

from sharpsim.exercises._command import main

if __name__ == "__main__":
    sys.exit(main())
