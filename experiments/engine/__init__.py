"""The machinery of the experiments: settings in, rows and verdicts out. It knows no stem; `frame` is what a stem imports."""
