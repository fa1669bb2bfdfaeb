// The panels around the picture: status, verdicts, bars, faces to choose, read-outs.

import { answeredFrom, fullName, lineOf } from "./names.js";
import { faceColour, percent } from "./shapes.js";
import { disagree, inWords } from "./verdict.js";

const RATE_WINDOW = 20; // results over which frames a second are averaged
const SLOTS = ["first", "second"];

const element = (id) => document.getElementById(id);

// An element of a kind, with properties and children.
export function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

export function button(text, onClick, properties = {}) {
  const node = make("button", { type: "button", ...properties }, text);
  node.addEventListener("click", onClick);
  return node;
}

// The sentence in the stage. A problem of a stage at rest stands in its middle, under the drawing.
export function say(text, tone = "calm") {
  const status = element("status");
  if (status.textContent !== text) status.textContent = text;
  status.dataset.tone = tone;
  const problem = element("problem");
  const isProblem = tone === "problem";
  problem.hidden = !isProblem;
  if (isProblem) problem.textContent = text;
}

// Buttons to choose a face; only rebuilt when faces come or go, so that focus stays.
export function showFaces(numbers, chosen, onChoose) {
  const group = element("faces");
  if (group.dataset.numbers !== numbers.join()) {
    group.dataset.numbers = numbers.join();
    group.replaceChildren(...numbers.map((number) => faceButton(number, onChoose)));
    group.hidden = numbers.length < 2;
  }
  for (const each of group.children) {
    each.setAttribute("aria-pressed", String(Number(each.dataset.number) === chosen));
  }
}

function faceButton(number, onChoose) {
  const node = button(`Face ${number}`, () => onChoose(number));
  node.dataset.number = number;
  node.prepend(swatch(faceColour(number)));
  return node;
}

export function swatch(colour, hatched = false) {
  const mark = make("i", { className: hatched ? "swatch hatched" : "swatch" });
  mark.style.setProperty("--colour", colour);
  return mark;
}

// Build the answer and the bars of each chosen model.
export function buildAnswers(chosen, labels) {
  element("live").classList.toggle("compare", chosen.length > 1);
  SLOTS.forEach((slot, index) => {
    const described = chosen[index];
    element(`answer-${slot}`).replaceChildren(...(described ? answerParts(described) : []));
    element(`answer-${slot}`).dataset.from = described?.from ?? "";
    const rows = described ? labels.map((label) => barRow(described, label)) : [];
    element(`bars-${slot}`).replaceChildren(...rows);
  });
  element("model-line").textContent = chosen.length > 1
    ? chosen.map((each) => `${each.name}: ${lineOf(each)}`).join(" ") : lineOf(chosen[0]);
  showNoFace();
}

function answerParts({ name }) {
  return [
    make("h2", { className: "reader" }, name),
    make("p", { className: "verdict" }),
    make("p", { className: "fine note" }),
  ];
}

function barRow({ model }, label) {
  const fill = make("div", { className: "fill" });
  fill.style.setProperty("--colour", `var(--${label})`);
  const row = make("div", { className: "bar" },
    make("span", { className: "name" }, label),
    make("div", { className: "track" }, fill),
    make("span", { className: "figure" }, "–"));
  Object.assign(row.dataset, { model: model.name, label });
  return row;
}

export function showNoFace() {
  showFaces([], null);
  for (const slot of SLOTS) {
    const answer = element(`answer-${slot}`);
    answer.querySelector(".verdict")?.replaceChildren("No face");
    answer.querySelector(".note")
      ?.replaceChildren(`A guess from ${answer.dataset.from}, once there is a face.`);
    for (const row of element(`bars-${slot}`).children) setBar(row, null, "");
  }
  element("agreement").hidden = true;
  const crop = element("crop");
  crop.getContext("2d").clearRect(0, 0, crop.width, crop.height);
  crop.setAttribute("aria-label", "No face: the crop is empty.");
}

// Show a face that has `verdicts`, one for each chosen model.
export function showFace(face) {
  face.verdicts.forEach((verdict, index) => showVerdict(SLOTS[index], face, verdict));
  showAgreement(face.verdicts);
  if (face.pixels) showCrop(face);
}

function showVerdict(slot, face, verdict) {
  const { label, mean, certain, model } = verdict;
  const answer = element(`answer-${slot}`);
  const words = inWords(verdict);
  answer.querySelector(".verdict").replaceChildren(...(verdict.unreadable ? [capital(words)] : [
    swatch(`var(--${label})`, !certain),
    make("span", { className: "word" }, capital(words)),
    make("span", { className: "figure" }, percent(mean)),
  ]));
  answer.querySelector(".note").textContent = noteOf(verdict, answer.dataset.from);
  for (const row of element(`bars-${slot}`).children) {
    const isShown = row.dataset.label === label && !verdict.unreadable;
    const state = isShown ? `best ${certain ? "" : "leaning"}` : "";
    setBar(row, face.readings[model].probabilities[row.dataset.label], state);
  }
}

function noteOf({ certain, unreadable, threshold }, from) {
  if (unreadable) return "Its points do not fit a face: turned away, covered or blurred.";
  if (certain) return `A guess from ${from}, not a feeling.`;
  return `Not sure enough to say: ${percent(threshold)} would be needed.`;
}

export function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function setBar(row, probability, state) {
  row.dataset.probability = probability ?? "";
  row.className = `bar ${state}`;
  row.querySelector(".fill").style.width = `${100 * (probability ?? 0)}%`;
  row.querySelector(".figure").textContent = probability === null
    ? "–" : `${(100 * probability).toFixed(1)} %`;
}

function showAgreement(verdicts) {
  const line = element("agreement");
  line.hidden = verdicts.length < 2 || Boolean(verdicts[0].unreadable);
  if (line.hidden) return;
  const differ = disagree(verdicts);
  line.classList.toggle("differ", differ);
  const said = verdicts.map(({ name, certain, label }) => (
    `${name} ${certain ? "says" : "leans to"} ${label}`
  ));
  line.replaceChildren(
    make("strong", {}, differ ? "They disagree" : "They agree"),
    differ ? `: ${said.join(", ")}.` : ` on ${verdicts[0].label}.`);
}

async function showCrop(face) {
  const canvas = element("crop");
  const picture = new Image();
  picture.src = face.pixels;
  await picture.decode();
  canvas.getContext("2d").drawImage(picture, 0, 0);
  canvas.setAttribute("aria-label", `Gray crop of face ${face.number}, 48 by 48 pixels.`);
}

export function showLegend(labels) {
  const items = labels.map((label) => make("li", {}, swatch(`var(--${label})`), label));
  const unsure = make("li", {}, swatch("var(--ink-soft)", true), "not sure");
  element("legend").replaceChildren(...items, unsure);
}

// The slider: thresholds of the chosen models and what they mean.
export function showThreshold(chosen, threshold, isOwn) {
  element("threshold").value = threshold;
  element("threshold-value").textContent = percent(threshold);
  element("threshold-reset").hidden = isOwn;
  element("threshold-note").textContent = chosen.map((described) => {
    const answered = answeredFrom(threshold, described.model.metrics);
    if (!answered) return `${fullName(described)}: no measured figures.`;
    const { coverage, accuracy } = answered;
    return `${described.name} then answers ${percent(coverage)} of test faces and is right on `
      + `${percent(accuracy)} of those.`;
  }).join(" ");
}

// Frames a second, round trip and the source's time by stage.
export class Readouts {
  constructor() {
    this.times = [];
  }

  show(result, roundTrip) {
    this.times.push(performance.now());
    if (this.times.length > RATE_WINDOW) this.times.shift();
    const span = (this.times.at(-1) - this.times[0]) / 1000;
    if (span > 0) element("rate").textContent = ((this.times.length - 1) / span).toFixed(1);
    element("round-trip").textContent = `${Math.round(roundTrip)} ms`;
    const { total, ...stages } = result.milliseconds;
    element("server-time").textContent = `${total.toFixed(1)} ms`;
    element("stage-times").textContent = Object.entries(stages)
      .map(([stage, time]) => `${stage} ${time.toFixed(1)}`).join(" · ");
  }

  clear() {
    this.times = [];
    for (const id of ["rate", "round-trip", "server-time", "stage-times"]) {
      element(id).textContent = "–";
    }
  }
}
