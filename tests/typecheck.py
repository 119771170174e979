"""The checker that the import hook puts around the library's functions while tests run."""

from beartype import BeartypeConf, beartype

# Without the numeric tower an int fails a `float` annotation.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
