// Explorables: sliders that move along a committed grid of exact numbers (window.GRIDS, docs/explorables/grids). Nothing is computed here.
//
// A page holds <div class="explore" data-grid="NAME"><script type="application/json">DECLARATION</script></div>, where DECLARATION has
//   title, question, idea   text
//   sliders   [{axis, label, start}]  one for each axis of the grid; `start` is the value shown first
//   x         the axis drawn horizontally; xlabel, ylabel; xscale and yscale, "linear" or "log"; yrange, [low, high]
//   curves    [{key, label, style}]  style "exact" (solid, the colour of text), "bound" (dashed), "other", "third", or "number" (said, not drawn)
//   words     a sentence in which {name} stands for the value of an axis or of a curve
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";

  /** A power of ten in superscript digits. */
  function tenTo(power) {
    return `10${[...String(power)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("")}`;
  }

  /** Four digits; powers of ten from a million and below 1/10000; whole numbers in full below a million. */
  function shown(value) {
    if (value === null || value === undefined) return "infinite";
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e6) return value.toLocaleString("en-US");
    if (size >= 1e-4 && size < 1e6) return String(Number(value.toPrecision(4)));
    const [digits, power] = value.toExponential(3).split("e");
    return `${Number(digits)}\u00a0×\u00a0${tenTo(Number(power))}`;
  }

  function node(name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    return made;
  }

  function drawn(parent, name, attributes, text = "") {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  }

  /** A map from values to pixels, and its ticks. */
  function scale(kind, low, high, from, to) {
    const log = kind === "log";
    const place = log ? Math.log10 : (v) => v;
    const [a, b] = [place(low), place(high)];
    const at = (v) => from + ((place(log ? Math.max(v, low / 1e3) : v) - a) / (b - a)) * (to - from);
    const most = Math.max(3, Math.floor(Math.abs(to - from) / 60));
    const ticks = [];
    if (log) {
      const every = Math.max(1, Math.ceil((b - a) / most));
      for (let power = Math.ceil(a - 1e-9); power <= b + 1e-9; power += every) ticks.push(10 ** power);
    } else {
      const raw = (high - low) / most;
      const unit = 10 ** Math.floor(Math.log10(raw));
      const step = [1, 2, 5, 10].map((m) => m * unit).find((s) => s >= raw);
      for (let i = Math.ceil(low / step); i * step <= high + 1e-9; i += 1) ticks.push(Number((i * step).toPrecision(6)));
    }
    return { at, ticks };
  }

  function tickText(value) {
    const power = Math.round(Math.log10(Math.abs(value)));
    if (value !== 0 && (power >= 5 || power <= -3)) return tenTo(power);
    return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
  }

  class Explorable {
    constructor(box, grid, told) {
      Object.assign(this, { box, grid, told });
      this.axes = grid.axes.map(([name, values]) => ({ name, values }));
      this.state = this.axes.map(({ name, values }) => {
        const { start } = told.sliders.find((s) => s.axis === name);
        return Math.max(0, values.indexOf(start));
      });
      this.lines = told.curves.filter((curve) => curve.style !== "number");
      this.build();
      this.update();
      new ResizeObserver(() => this.draw()).observe(this.chart);
    }

    /** The value of a curve at the indices `state` of the axes. */
    value(key, state = this.state) {
      return state.reduce((nested, index) => nested[index], this.grid.curves[key]);
    }

    build() {
      const { box, told } = this;
      const id = box.dataset.grid;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", told.title);
      box.append(node("p", { class: "explore-question" }, told.question));
      box.append(node("p", { class: "explore-idea" }, told.idea));
      const panel = box.appendChild(node("div", { class: "explore-sliders" }));
      this.inputs = told.sliders.map(({ axis, label }) => {
        const place = this.axes.findIndex(({ name }) => name === axis);
        const row = panel.appendChild(node("div", { class: "explore-slider" }));
        const name = `explore-${id}-${axis}`;
        row.append(node("label", { for: name }, label));
        const last = this.axes[place].values.length - 1;
        const input = row.appendChild(node("input", { type: "range", id: name, min: 0, max: last, step: 1, "data-axis": axis }));
        input.value = this.state[place];
        const value = row.appendChild(node("span", { class: "explore-at", "aria-hidden": "true" }));
        input.addEventListener("input", () => {
          this.state[place] = Number(input.value);
          this.update();
        });
        return { input, value, place };
      });
      this.chart = box.appendChild(node("div", { class: "explore-chart" }));
      this.svg = drawn(this.chart, "svg", { role: "img", "aria-label": `${told.title}: ${told.ylabel} against ${told.xlabel}` });
      this.svg.addEventListener("pointerdown", (event) => this.point(event));
      const list = box.appendChild(node("ul", { class: "explore-numbers" }));
      this.outputs = told.curves.map(({ key, label, style }) => {
        const row = list.appendChild(node("li"));
        const mark = drawn(row, "svg", { class: "explore-mark", width: 28, height: 10, "aria-hidden": "true" });
        if (style !== "number") drawn(mark, "path", { class: `explore-${style}`, d: "M1 5H27" });
        row.append(node("span", {}, `${label}: `));
        return { key, output: row.appendChild(node("b", { "data-curve": key })) };
      });
      this.words = box.appendChild(node("p", { class: "explore-words", "aria-live": "polite", role: "status" }));
    }

    /** A press on the chart moves the slider of the horizontal axis to the nearest value of the grid. */
    point(event) {
      const place = this.axes.findIndex(({ name }) => name === this.told.x);
      const { values } = this.axes[place];
      const x = event.clientX - this.svg.getBoundingClientRect().left;
      const far = values.map((v) => Math.abs(this.across(v) - x));
      this.state[place] = far.indexOf(Math.min(...far));
      this.update();
    }

    update() {
      const named = {};
      this.axes.forEach(({ name, values }, place) => (named[name] = shown(values[this.state[place]])));
      for (const { key } of this.told.curves) named[key] = shown(this.value(key));
      for (const { input, value, place } of this.inputs) {
        input.value = this.state[place];
        value.textContent = named[this.axes[place].name];
        input.setAttribute("aria-valuetext", named[this.axes[place].name]);
      }
      for (const { key, output } of this.outputs) output.textContent = named[key];
      this.words.textContent = this.told.words.replace(/\{(\w+)\}/g, (_, name) => named[name]);
      this.draw();
    }

    draw() {
      const { svg, told } = this;
      const width = Math.max(260, this.chart.clientWidth);
      const height = Math.round(Math.min(380, Math.max(260, width * 0.5)));
      const [left, right, top, bottom] = [56, 12, 24, 46];
      svg.replaceChildren();
      svg.setAttribute("width", width);
      svg.setAttribute("height", height);
      const place = this.axes.findIndex(({ name }) => name === told.x);
      const { values } = this.axes[place];
      const x = scale(told.xscale, values[0], values.at(-1), left, width - right);
      const y = scale(told.yscale, ...told.yrange, height - bottom, top);
      this.across = x.at;
      const clip = `explore-clip-${this.box.dataset.grid}`;
      const inside = drawn(drawn(svg, "defs", {}), "clipPath", { id: clip });
      drawn(inside, "rect", { x: left - 5, y: top - 5, width: width - left - right + 10, height: height - top - bottom + 10 });
      for (const tick of x.ticks) {
        drawn(svg, "path", { class: "explore-tick", d: `M${x.at(tick)} ${top}V${height - bottom}` });
        drawn(svg, "text", { x: x.at(tick), y: height - bottom + 17, "text-anchor": "middle" }, tickText(tick));
      }
      for (const tick of y.ticks) {
        drawn(svg, "path", { class: "explore-tick", d: `M${left} ${y.at(tick)}H${width - right}` });
        drawn(svg, "text", { x: left - 6, y: y.at(tick) + 4, "text-anchor": "end" }, tickText(tick));
      }
      drawn(svg, "text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, told.xlabel);
      drawn(svg, "text", { x: 2, y: 13 }, told.ylabel);
      const here = x.at(values[this.state[place]]);
      drawn(svg, "path", { class: "explore-here", d: `M${here} ${top}V${height - bottom}` });
      const body = drawn(svg, "g", { "clip-path": `url(#${clip})` });
      for (const { key, style } of [...this.lines].reverse()) {
        const at = (i) => this.value(key, this.state.map((index, axis) => (axis === place ? i : index)));
        const places = values.map((v, i) => [x.at(v), at(i)]).filter(([, v]) => v !== null);
        drawn(body, "path", { class: `explore-${style}`, d: "M" + places.map(([a, v]) => `${a.toFixed(1)} ${y.at(v).toFixed(1)}`).join("L") });
        const value = this.value(key);
        if (value !== null) drawn(body, "circle", { class: `explore-dot explore-${style}`, cx: here, cy: y.at(value), r: 4.5 });
      }
    }
  }

  window.exploreShown = shown;
  addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll(".explore[data-grid]")) {
      const told = JSON.parse(box.querySelector("script").textContent);
      box.explorable = new Explorable(box, window.GRIDS[box.dataset.grid], told);
    }
  });
})();
