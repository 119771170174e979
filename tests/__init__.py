"""The test suite; a package, so that the import hook can name its checker."""
