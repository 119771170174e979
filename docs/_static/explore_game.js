// The game of the lower bound. The reader is the learner: draws k responses, sees their likelihoods, and guesses the secret label.
// The draws are random; the optimum e(k) is read from the committed grid `guess_error`.
(() => {
  "use strict";
  const LABELS = [4, 6, 8, 12, 16];
  const MOST = 20;
  const percent = (share) => `${(100 * share).toFixed(1)}%`;

  function node(parent, name, attributes = {}, text = "") {
    const made = parent.appendChild(document.createElement(name));
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    return made;
  }

  class Game {
    constructor(box) {
      this.box = box;
      this.M = 8;
      this.k = 5;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "The game of the lower bound");
      const panel = node(box, "div", { class: "explore-sliders" });
      this.slider(panel, "M", "number of labels M", LABELS.length - 1, LABELS.indexOf(this.M), (i) => LABELS[i]);
      this.slider(panel, "k", "number of draws k", MOST, this.k, (i) => i);
      const row = node(box, "div", { class: "explore-labels" });
      this.deal = node(row, "button", { type: "button", "data-do": "draw" }, "Draw");
      this.hundred = node(row, "button", { type: "button", "data-do": "hundred" }, "Let the optimal strategy play 100 rounds");
      this.deal.addEventListener("click", () => this.draw());
      this.hundred.addEventListener("click", () => this.play(100));
      this.labels = node(box, "div", { class: "explore-labels", role: "group", "aria-label": "Labels: press one to guess it" });
      this.told = node(box, "p", { class: "explore-words", role: "status", "aria-live": "polite" });
      const list = node(box, "ul", { class: "explore-numbers" });
      this.outputs = {};
      for (const [key, label] of [
        ["own", "your score"],
        ["optimal", "the optimal strategy, played"],
        ["optimum", "minimax optimum e(k): the best possible share of wrong guesses"],
      ]) {
        const line = node(list, "li");
        node(line, "span", {}, `${label}: `);
        this.outputs[key] = node(line, "b", { "data-curve": key });
      }
      this.restart();
    }

    slider(panel, key, label, last, start, value) {
      const row = node(panel, "div", { class: "explore-slider" });
      node(row, "label", { for: `explore-game-${key}` }, label);
      const input = node(row, "input", { type: "range", id: `explore-game-${key}`, min: 0, max: last, step: 1, "data-axis": key });
      const shown = node(row, "span", { class: "explore-at", "aria-hidden": "true" });
      const say = () => {
        shown.textContent = value(Number(input.value));
        input.setAttribute("aria-valuetext", shown.textContent);
      };
      input.value = start;
      input.addEventListener("input", () => {
        this[key] = value(Number(input.value));
        say();
        this.restart();
      });
      say();
    }

    /** e(k) from the grid. */
    optimum() {
      const { axes, curves } = window.GRIDS.guess_error;
      return curves.exact[axes[0][1].indexOf(this.M)][axes[1][1].indexOf(this.k)];
    }

    /** Probabilities of the secret label and of any other label. */
    masses() {
      return [2 / this.M, (this.M - 2) / (this.M * (this.M - 1))];
    }

    /** A secret label, and k draws of labels 0 .. M - 1 from its law. */
    round() {
      const { M, k } = this;
      const secret = Math.floor(Math.random() * M);
      const other = () => (secret + 1 + Math.floor(Math.random() * (M - 1))) % M;
      return { secret, drawn: Array.from({ length: k }, () => (Math.random() < this.masses()[0] ? secret : other())) };
    }

    restart() {
      this.own = { rounds: 0, wrong: 0 };
      this.optimal = { rounds: 0, wrong: 0 };
      this.current = null;
      this.say(`${this.M} labels, one of them secret. Press Draw to see ${this.k} responses.`);
      this.show();
    }

    draw() {
      this.current = this.round();
      const { drawn, secret } = this.current;
      const seen = drawn.map((label) => `${label + 1} (likelihood ${this.masses()[label === secret ? 0 : 1].toFixed(3)})`);
      const list = this.k === 0 ? "nothing" : seen.join(", ");
      this.say(`You drew: ${list}. The secret has likelihood ${this.masses()[0].toFixed(3)}, every other label ${this.masses()[1].toFixed(3)}. Guess the secret.`);
      this.show();
      this.labels.querySelector("button").focus();
    }

    guess(label) {
      const { secret } = this.current;
      this.current.done = true;
      this.own.rounds += 1;
      this.own.wrong += label === secret ? 0 : 1;
      this.say(label === secret ? `Right: the secret is ${secret + 1}. Press Draw for another round.` : `Wrong: you said ${label + 1}, the secret is ${secret + 1}. Press Draw for another round.`);
      this.show();
      this.deal.focus();
    }

    /** The optimal strategy: name the label with the secret's likelihood if it was drawn, otherwise any label that was not drawn. */
    play(rounds) {
      for (let i = 0; i < rounds; i += 1) {
        const { secret, drawn } = this.round();
        const unseen = [...Array(this.M).keys()].filter((label) => !drawn.includes(label));
        const named = drawn.includes(secret) ? secret : unseen[Math.floor(Math.random() * unseen.length)];
        this.optimal.rounds += 1;
        this.optimal.wrong += named === secret ? 0 : 1;
      }
      this.say(`The optimal strategy was wrong in ${this.optimal.wrong} of ${this.optimal.rounds} rounds. The exact probability is ${percent(this.optimum())}.`);
      this.show();
    }

    say(text) {
      this.told.textContent = text;
    }

    show() {
      this.labels.replaceChildren();
      for (let label = 0; label < this.M; label += 1) {
        const times = this.current ? this.current.drawn.filter((other) => other === label).length : 0;
        const button = node(this.labels, "button", { type: "button", "data-label": label }, String(label + 1));
        button.setAttribute("aria-label", `guess label ${label + 1}${this.current ? `, drawn ${times} times` : ""}`);
        if (this.current) node(button, "small", {}, times ? `× ${times}` : "–");
        button.disabled = !this.current || Boolean(this.current.done);
        if (this.current && this.current.done && label === this.current.secret) button.className = "explore-secret";
        button.addEventListener("click", () => this.guess(label));
      }
      const score = ({ wrong, rounds }) => (rounds ? `${wrong} wrong of ${rounds} (${percent(wrong / rounds)})` : "no round yet");
      this.outputs.own.textContent = score(this.own);
      this.outputs.optimal.textContent = score(this.optimal);
      this.outputs.optimum.textContent = percent(this.optimum());
    }
  }

  addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll(".explore[data-game]")) box.game = new Game(box);
  });
})();
