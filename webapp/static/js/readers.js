// Who reads: Shape, Pixels, Both or a comparison, by whose labels, and from which probability on.

import { Choice } from "./names.js";
import * as panels from "./panels.js";

const element = (id) => document.getElementById(id);

export class Readers {
  // onChange(): other models read from now on; onThreshold(): the same ones, more or less boldly.
  constructor({ onChange, onThreshold }) {
    this.handlers = { onChange, onThreshold };
    this.choice = null;
    this.labels = [];
    this.threshold = null; // the visitor's own; null leaves each model its own
    element("threshold").addEventListener("input", (event) => {
      this.#setThreshold(Number(event.target.value));
    });
    element("threshold-reset").addEventListener("click", () => this.#setThreshold(null));
  }

  // Offer models as /api/models has them.
  offer(models) {
    this.choice = new Choice(models);
    this.labels = models[0].labels;
    this.#fillReaders();
    this.#fillLabellers();
    panels.showLegend(this.labels);
    this.#changed();
  }

  // The described models in use: two in a comparison, else one; none before they are known.
  get chosen() {
    return this.choice?.chosen ?? [];
  }

  get names() {
    return this.chosen.map(({ model }) => model.name);
  }

  thresholdOf({ model }) {
    return this.threshold ?? model.uncertain_below ?? 0;
  }

  #changed() {
    panels.buildAnswers(this.chosen, this.labels);
    this.#showThreshold();
    this.handlers.onChange();
  }

  #setThreshold(value) {
    this.threshold = value;
    this.#showThreshold();
    this.handlers.onThreshold();
  }

  #showThreshold() {
    const { chosen } = this;
    panels.showThreshold(chosen, this.thresholdOf(chosen[0]), this.threshold === null);
  }

  #fillReaders() {
    const { choice } = this;
    element("readers").append(...choice.readers.map(({ value, name }) => {
      const input = panels.make("input", {
        type: "radio", name: "reader", value, checked: value === choice.reader,
      });
      input.addEventListener("change", () => {
        choice.reader = value;
        this.#changed();
      });
      return panels.make("label", {}, input, panels.make("span", {}, name));
    }));
  }

  #fillLabellers() {
    const { choice } = this;
    const select = element("labeller");
    select.replaceChildren(...choice.labellers.map(({ value, name }) => new Option(name, value)));
    select.value = choice.labeller;
    select.parentElement.hidden = choice.labellers.length < 2;
    select.addEventListener("change", () => {
      choice.labeller = select.value;
      this.#changed();
    });
  }
}
