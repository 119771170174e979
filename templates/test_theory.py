"""The six headings of a theorem's test. Each is to fail when the formula is scaled by 0.7 or 1.3."""


def test_value():
    """Against numbers worked out by hand or with mpmath, not by the code's own formula."""


def test_inverse():
    """Both ways: the bound at the inverse is met, and one sample less misses it."""


def test_sandwich():
    """On generated instances the exact quantity is on the bound's right side; a simulation agrees at false-alarm rate 1e-6."""


def test_sharpness():
    """On a near-extremal instance the bound is nearly attained, so that a tighter formula would be false."""


def test_assumptions():
    """`checks` is non-negative where an assumption holds and negative where it is broken on purpose."""


def test_refusals():
    """Each bad argument is refused by name, rule and value."""
