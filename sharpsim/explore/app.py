"""The explorer page, a marimo notebook. Start it with `python -m sharpsim.explore`; all computation is in the package beside it."""

import marimo

app = marimo.App(width="medium", app_title="sharpsim explorer")


@app.cell
def _():
    import math

    import marimo as mo
    import numpy as np

    from sharpsim import explore
    from sharpsim.explore import figures

    return explore, figures, math, mo, np


@app.cell
def _(mo):
    mo.md(
        """
        # Sharpening, on your own table

        A row holds the probabilities that a base model gives to the responses of one prompt. Its *mode* is the most likely response.
        Change the table or a parameter: every number below is computed again by `sharpsim`, on this machine.
        """
    )
    return


@app.cell
def _(mo):
    typed = mo.ui.text_area(
        value="0.5 0.3 0.2\n0.1 0.6 0.3\n0.36 0.34 0.30",
        label="Table: one line for each prompt; numbers or fractions such as 1/3",
        rows=6,
        full_width=True,
    )
    loaded = mo.ui.file(filetypes=[".npy", ".csv", ".txt"], label="Or load a table (.npy, .csv, .txt)", max_size=50_000_000)
    weighed = mo.ui.text(value="", label="Prompt weights (empty: equal)", full_width=True)
    mo.vstack([typed, loaded, weighed])
    return loaded, typed, weighed


@app.cell
def _(explore, figures, loaded, mo, np, typed, weighed):
    # A refusal of the library is a result of this cell; the cells below stop where there is one.
    table, weights, source, refusal = np.empty((0, 0)), np.empty(0), None, ""
    try:
        source = loaded.name() if loaded.value else None
        table = explore.read_table(source, loaded.contents()) if source else explore.parse_table(typed.value)
        weights = explore.parse_weights(weighed.value, len(table))
    except ValueError as error:
        refusal = str(error)
    mo.stop(bool(refusal), mo.Html(figures.refusal(refusal)))
    note = f"from the file {source} (the text above is not used)" if source else "from the text above"
    mo.plain_text(f"{table.shape[0]} prompts, {table.shape[1]} responses, {note}.")
    return source, table, weights


@app.cell
def _(mo):
    # Each parameter has one value, which a slider and a number field show and change.
    N_now, N_set = mo.state(8)
    n_now, n_set = mo.state(200)
    delta_now, delta_set = mo.state(0.2)
    beta_now, beta_set = mo.state(0.2)
    return N_now, N_set, beta_now, beta_set, delta_now, delta_set, n_now, n_set


@app.cell
def _(N_now, N_set, beta_now, beta_set, delta_now, delta_set, mo, n_now, n_set):
    # Sliders and number fields are made in two cells: marimo does not run the cell of the one that was moved again.
    def slider(label, steps, now, set_value):
        value = now()
        near = min(steps, key=lambda step: abs(step - value)) if isinstance(value, (int, float)) else steps[0]
        return mo.ui.slider(steps=steps, value=near, on_change=set_value, label=label, full_width=True)

    counts = [k * 10**e for e in range(6) for k in (1, 2, 5)] + [10**6]
    scales = [round(k * 10.0**e, 2) for e in (-2, -1, 0) for k in (1, 2, 5)] + [10.0]
    sliders = [
        slider("N, draws for each prompt", counts, N_now, N_set),
        slider("n, prompts drawn", counts, n_now, n_set),
        slider(
            "delta: sharpened means mass above 1 - delta on the mode", [round(0.01 * k, 2) for k in range(1, 100)], delta_now, delta_set
        ),
        slider("beta, strength of the KL penalty", scales, beta_now, beta_set),
    ]
    return (sliders,)


@app.cell
def _(N_now, N_set, beta_now, beta_set, delta_now, delta_set, mo, n_now, n_set):
    fields = [
        mo.ui.number(value=N_now(), on_change=N_set, label="N ="),
        mo.ui.number(value=n_now(), on_change=n_set, label="n ="),
        mo.ui.number(value=delta_now(), step=0.01, on_change=delta_set, label="delta ="),
        mo.ui.number(value=beta_now(), step=0.01, on_change=beta_set, label="beta ="),
    ]
    return (fields,)


@app.cell
def _(fields, mo, sliders):
    mo.vstack([mo.hstack(pair, widths=[2, 1], align="end") for pair in zip(sliders, fields, strict=True)])
    return


@app.cell
def _(math, mo, table):
    rho_field = mo.ui.number(value=0.1, label="rho, probability that the bound may fail")
    size_field = mo.ui.number(
        value=round(table.shape[0] * math.log(table.shape[1]), 6), label="log|Π|, size of the policy class of the bound, in nats"
    )
    prompt_field = mo.ui.number(value=1, start=1, stop=table.shape[0], step=1, label="prompt shown in the bar chart")
    mo.hstack([rho_field, size_field, prompt_field], wrap=True, justify="start")
    return prompt_field, rho_field, size_field


@app.cell
def _(N_now, beta_now, delta_now, explore, figures, mo, n_now, rho_field, size_field, table, weights):
    shared = {"N": N_now(), "n": n_now(), "delta": delta_now(), "rho": rho_field.value, "log_class_size": size_field.value}
    given = {**shared, "beta": beta_now()}
    found, along, refused = None, None, ""
    try:
        found = explore.summary(table, weights, **given)
        along = explore.curves(table, weights, **shared)
    except ValueError as error:
        refused = str(error)
    mo.stop(bool(refused), mo.Html(figures.refusal(refused)))
    return along, found, given


@app.cell
def _(along, figures, found, given, mo, prompt_field):
    left = figures.mode_figure(found, along, N=given["N"])
    right = figures.law_figure(found, int(prompt_field.value or 1) - 1, N=given["N"], beta=given["beta"])
    mo.vstack([mo.md("## Best of N, exactly"), mo.Html(figures.side_by_side(left, right))])
    return


@app.cell
def _(explore, figures, found, mo):
    SHOWN = 50
    rows = explore.prompt_rows(found)
    left_out = f"; the first {SHOWN} of {len(rows)} prompts, the code below prints all" if len(rows) > SHOWN else ""
    mo.Html(figures.html_table(rows[:SHOWN], f"For each prompt{left_out}"))
    return


@app.cell
def _(along, explore, figures, found, given, mo):
    mo.vstack(
        [
            mo.md("## Coverage, risk, bounds and the tilted policy"),
            mo.Html(figures.risk_figure(found, along, N=given["N"], n=given["n"])),
            mo.Html(figures.html_table([{"quantity": label, "value": text} for label, text in explore.numbers(found)], "For this table")),
            mo.md(
                """
                *How to read the risk.* The exact risk is the expected share of prompts that are not sharpened when the policy is fitted
                over the class of **all tables**. That class is infinite, so Theorem 4.1' says nothing about it. The bound holds, with
                probability 1 - rho, for a **finite** class of size |Π| that contains the law of best of N. Set log|Π| yourself; the
                default is the class of all maps from prompts to responses. A bound at or above 1 says nothing and is called *vacuous*.
                """
            ),
        ]
    )
    return


@app.cell
def _(explore, given, mo, source, table, weights):
    script = explore.code(table, weights, source=source, **given)
    mo.vstack(
        [
            mo.md("## The code\n\nThis script prints the numbers shown above. Click into it, select all, and copy."),
            mo.ui.code_editor(value=script, language="python", disabled=True, min_height=300, max_height=500, show_copy_button=True),
            mo.md(
                """
                *What this page asks of the network:* nothing. The server listens on this machine only, and its content security policy
                forbids the browser to load anything from elsewhere. This holds when the page was started with `make explore` or
                `python -m sharpsim.explore`. If you open the notebook with the command `marimo` instead, that command asks PyPI for its
                newest version. Links in marimo's own menus lead to outside pages when you click them.
                """
            ),
        ]
    )
    return


if __name__ == "__main__":
    app.run()
