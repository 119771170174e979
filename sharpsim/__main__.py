"""`python -m sharpsim`: the command `sharpsim`."""

import sys

from sharpsim.commands import main

if __name__ == "__main__":
    sys.exit(main())
