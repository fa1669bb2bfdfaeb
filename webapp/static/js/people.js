// A line for every person: ring, name, the last minute as a strip; values under the pointer, and
// the minute once more as drawings.

import { drawRing, drawStrip } from "./charts.js";
import { nearestTo } from "./history.js";
import { button, make, swatch } from "./panels.js";
import { faceColour, percent } from "./shapes.js";

const REPLAY_SPEED = 4;
const STEP = 1; // seconds that an arrow key moves

const element = (id) => document.getElementById(id);

export class People {
  // who(): { run, model, chosen, labels, now } as shown; onChoose(number);
  // onLook({ face, points, seconds } | null): a past moment is looked at, or no longer.
  constructor(session, { who, onChoose, onLook }) {
    this.session = session;
    this.handlers = { who, onChoose, onLook };
    this.rows = new Map();
    this.marker = null; // seconds of the session
    this.replaying = null; // { face, seconds, last }
    element("replay").addEventListener("click", () => this.toggleReplay());
  }

  show() {
    const { run, model, chosen, labels, now } = this.handlers.who();
    const numbers = this.session.people(run, model, now);
    this.#keepRows(numbers);
    for (const number of numbers) {
      const who = { run, face: number, model };
      const row = this.rows.get(number);
      row.minute = this.session.lastMinute(who, now);
      drawStrip(row.strip, row.minute, labels, this.marker);
      drawRing(row.ring, this.session.shares(who));
      row.summary.textContent = summary(this.session.dominant(who), this.session.shares(who));
      row.root.classList.toggle("chosen", number === chosen && numbers.length > 1);
      row.strip.setAttribute("aria-valuetext", row.strip === document.activeElement
        ? row.values.textContent : describe(row.minute.readings));
    }
    for (const id of ["save-csv", "save-json", "clear-session"]) {
      element(id).disabled = this.session.isEmpty;
    }
    element("replay").disabled = !numbers.length;
  }

  // Rows are only made and removed as people come and go, so that focus and pointers stay.
  #keepRows(numbers) {
    for (const [number, row] of this.rows) {
      if (numbers.includes(number)) continue;
      row.root.remove();
      this.rows.delete(number);
    }
    const list = element("people");
    list.querySelector(".empty").hidden = numbers.length > 0;
    for (const number of numbers) {
      if (this.rows.has(number)) continue;
      const row = this.#newRow(number);
      this.rows.set(number, row);
      list.append(row.root);
    }
  }

  #newRow(number) {
    const ring = make("canvas", { className: "ring" });
    ring.setAttribute("role", "img");
    const summary = make("span", { className: "fine" });
    const name = button(`Face ${number}`, () => this.handlers.onChoose(number), {
      className: "quiet name",
    });
    name.prepend(swatch(faceColour(number)));
    const strip = make("canvas", { className: "strip", tabIndex: 0 });
    for (const [key, value] of Object.entries({
      role: "slider", "aria-label": `Face ${number}, the last minute`,
      "aria-valuemin": -60, "aria-valuemax": 0, "aria-valuenow": 0,
    })) strip.setAttribute(key, value);
    const values = make("output", { className: "values", hidden: true });
    const holder = make("div", { className: "strip-holder" }, strip, values);
    const root = make("div", { className: "person" }, ring,
      make("div", { className: "who" }, name, summary), holder);
    const row = { root, ring, summary, strip, values, number, minute: null };
    this.#listen(row);
    return row;
  }

  #listen(row) {
    const { strip } = row;
    const at = (event) => {
      const bounds = strip.getBoundingClientRect();
      this.#look(row, 60 * ((event.clientX - bounds.left) / bounds.width - 1));
    };
    strip.addEventListener("pointerdown", at);
    strip.addEventListener("pointermove", at);
    for (const name of ["pointerleave", "pointercancel", "blur"]) {
      strip.addEventListener(name, () => this.#lookAway(row));
    }
    strip.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -60, End: 60 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.#look(row, Number(strip.getAttribute("aria-valuenow")) + step);
    });
  }

  // Look at a moment of a face, `offset` seconds from now (not above 0).
  #look(row, offset) {
    if (!row.minute) return;
    const ago = Math.max(-60, Math.min(0, offset));
    const seconds = this.#present() + ago;
    const reading = nearestTo(row.minute.readings, seconds);
    const isSeen = reading && Math.abs(reading.seconds - seconds) < 1.5;
    this.marker = seconds;
    row.strip.setAttribute("aria-valuenow", Math.round(ago));
    row.values.hidden = false;
    const values = isSeen ? valuesOf(reading) : "not in view";
    row.values.textContent = `${Math.round(-ago)} s ago: ${values}`;
    row.values.style.setProperty("--at", String(1 + ago / 60));
    this.#showMoment(row.number, seconds);
  }

  #lookAway(row) {
    if (this.marker === null || this.replaying) return;
    this.marker = null;
    row.values.hidden = true;
    row.strip.setAttribute("aria-valuenow", 0);
    this.handlers.onLook(null);
  }

  #showMoment(face, seconds) {
    const points = this.session.shapeAt({ run: this.handlers.who().run, face }, seconds);
    this.handlers.onLook({ face, points, ago: this.#present() - seconds });
  }

  #present() {
    return this.session.present(this.handlers.who().now);
  }

  toggleReplay() {
    if (this.replaying) {
      this.endReplay();
      return;
    }
    const { run, model, chosen, now } = this.handlers.who();
    const face = this.rows.has(chosen) ? chosen : [...this.rows.keys()][0];
    if (face === undefined) return;
    const { readings } = this.session.lastMinute({ run, face, model }, now);
    this.replaying = { face, seconds: readings[0]?.seconds ?? 0, end: this.#present() };
    element("replay").textContent = "End the replay";
  }

  endReplay() {
    if (!this.replaying) return;
    this.replaying = null;
    this.marker = null;
    element("replay").textContent = "Replay the minute";
    this.handlers.onLook(null);
  }

  // Go on with a replay; elapsed: milliseconds since the last step.
  step(elapsed) {
    if (!this.replaying) return;
    this.replaying.seconds += REPLAY_SPEED * elapsed / 1000;
    if (this.replaying.seconds >= this.replaying.end) {
      this.endReplay();
      return;
    }
    this.marker = this.replaying.seconds;
    this.#showMoment(this.replaying.face, this.replaying.seconds);
  }
}

function summary(dominant, shares) {
  if (dominant === null) return "";
  if (dominant === "it depends") return "it depends";
  if (dominant === "unreadable") return "mostly not to be read";
  if (dominant === "uncertain") return `mostly not sure, ${percent(shares[0][1])}`;
  return `mostly ${dominant}, ${percent(shares[0][1])}`;
}

function valuesOf({ emotion, label, confidence, probabilities }) {
  const others = Object.entries(probabilities).filter(([name]) => name !== label)
    .sort((first, second) => second[1] - first[1]).slice(0, 2)
    .map(([name, share]) => `${name} ${percent(share)}`);
  const unsure = { uncertain: `leaning ${label}`, unreadable: `not to be read, perhaps ${label}` };
  const verdict = unsure[emotion] ?? label;
  return [`${verdict} ${percent(confidence)}`, ...others].join(", ");
}

function describe(readings) {
  const last = readings.at(-1);
  if (!last) return "nothing recorded yet";
  const changes = readings.filter((reading, index) => (
    index > 0 && reading.emotion !== readings[index - 1].emotion
  )).length;
  return `now ${last.emotion}, ${changes} changes of label`;
}
