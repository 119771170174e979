"""How figures are drawn: `style` is what a stem imports, `save` draws a stem and writes its files."""
