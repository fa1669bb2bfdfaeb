// A face read against its own rest: the button that takes it, and what the drawing shows of it.

import { make } from "./panels.js";

const COUNTDOWN = ["3", "2", "1"];
const VIEWS = [["now", "Now"], ["rest", "Rest"], ["arrows", "Change"]];

export class ReferenceControl {
  // source: with `refer(message)`; a source without it takes no reference, and nothing is shown.
  // onView(view): "now", "rest" or "arrows" is to be drawn. say(sentence, tone): for the stage.
  constructor(place, { source, onView, say }) {
    this.place = place;
    this.source = source;
    this.onView = onView;
    this.say = say;
    this.takeButton = make("button", { type: "button", className: "quiet" });
    this.takeButton.addEventListener("click", () => this.#act());
    this.views = make("span", { className: "views", role: "group" });
    this.views.setAttribute("aria-label", "What is drawn");
    for (const [view, name] of VIEWS) this.views.append(this.#viewButton(view, name));
    this.place.append(this.takeButton, this.views);
    this.countdowns = 0; // begun; one that another has followed is no longer wanted
    this.#forget();
  }

  // Show what there is: whether moving faces are read, and whether the chosen one has a rest.
  update(isLive, face) {
    this.place.hidden = !isLive || !this.source.refer;
    if (!isLive) this.#cancel();
    this.views.hidden = !face?.rest;
    if (this.views.hidden && this.view !== "now") this.#show("now");
  }

  // The server has taken the neutral face: it stays in this page's memory alone.
  kept(reference) {
    this.own = reference;
    this.source.remember(reference);
    this.#label("Forget my neutral face");
    this.say("Your neutral face is kept in this page. Now move.", "good");
    this.#show("arrows");
  }

  async #act() {
    if (this.own) {
      this.#forget();
      this.source.refer({ own: null });
      return;
    }
    this.takeButton.disabled = true;
    this.countdowns += 1;
    const countdown = this.countdowns;
    for (const count of COUNTDOWN) {
      this.#label(`Look neutral: ${count}`);
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
      if (countdown !== this.countdowns) return;
    }
    this.#label("Hold still …");
    this.source.refer({ take: true });
    this.takeButton.disabled = false;
  }

  // The camera was stopped, or the connection dropped, before there was a neutral face.
  #cancel() {
    if (this.own) return;
    this.countdowns += 1;
    this.takeButton.disabled = false;
    this.#label("This is my neutral face");
  }

  #forget() {
    this.own = null;
    this.source.remember?.(null);
    this.#cancel();
    this.#show("now");
  }

  #label(text) {
    this.takeButton.textContent = text;
  }

  #viewButton(view, name) {
    const button = make("button", { type: "button", className: "quiet" }, name);
    button.dataset.view = view;
    button.addEventListener("click", () => this.#show(view));
    return button;
  }

  #show(view) {
    this.view = view;
    for (const button of this.views.children) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    }
    this.onView(view);
  }
}
