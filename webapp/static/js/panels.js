// The panels beside the picture: chosen face, drawing, bars, shares, read-outs.

import { drawRing, drawTimeline } from "./charts.js";
import { emotionColour, faceColour, percent, traceFace, MEDIAN_FACE } from "./shapes.js";

const RATE_WINDOW = 20; // results over which frames a second are averaged

const element = (id) => document.getElementById(id);

export function say(text, tone = "calm") {
  const status = element("status");
  if (status.textContent !== text) status.textContent = text;
  status.dataset.tone = tone;
}

// Draw the median face for the welcome.
export function drawWelcome() {
  const canvas = element("welcome-drawing");
  const context = canvas.getContext("2d");
  context.strokeStyle = "#eceae4";
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.lineCap = "round";
  const scale = canvas.width / 200;
  traceFace(context, MEDIAN_FACE.map(([x, y]) => [x * scale, y * scale]));
  context.stroke();
}

// Buttons to choose a face; only rebuilt when faces come or go, so that focus stays.
export function showFaces(numbers, chosen, onChoose) {
  const group = element("faces");
  if (group.dataset.numbers !== numbers.join()) {
    group.dataset.numbers = numbers.join();
    group.replaceChildren(...numbers.map((number) => faceButton(number, onChoose)));
  }
  for (const button of group.children) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.number) === chosen));
  }
}

function faceButton(number, onChoose) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.number = number;
  button.append(swatch(faceColour(number)), `Face ${number}`);
  button.addEventListener("click", () => onChoose(number));
  return button;
}

export function showNoFace() {
  showFaces([], null);
  element("drawing").getContext("2d").clearRect(0, 0, 48, 48);
  element("drawing").setAttribute("aria-label", "No face: the drawing is empty.");
  element("verdict").textContent = "No face";
  element("verdict-note").textContent =
    "51 points, drawn in 48 × 48 pixels, black and white.";
  for (const bar of element("bars").querySelectorAll(".bar")) setBar(bar, null, false);
}

export function showFace(face, models) {
  const reading = face.readings[models[0]];
  if (!reading) return; // the answer to a frame sent before the model was changed
  showDrawing(face);
  element("verdict").textContent = reading.emotion;
  element("verdict-note").textContent = reading.emotion === reading.best
    ? `Probability ${percent(reading.confidence)}. ${seenBy(models[0])}`
    : `Nearest is ${reading.best} with ${percent(reading.confidence)}: too little to say.`;
  showBars(face.readings, models);
}

// What a model is given, by the first word of its name.
const SEEN = {
  landmark: "This drawing and the places of its 51 points, found twice, are all that the model sees.",
  landmark_cnn: "This drawing is all that the model sees.",
  pixel: "This model sees the gray crop of the face, not the drawing.",
  fused: "This model sees this drawing, its 51 points and the gray crop of the face.",
};

function seenBy(model) {
  return SEEN[model.split("-")[0]] ?? "";
}

async function showDrawing(face) {
  const canvas = element("drawing");
  const picture = new Image();
  picture.src = face.drawing;
  await picture.decode();
  canvas.getContext("2d").drawImage(picture, 0, 0);
  canvas.setAttribute("aria-label", `Drawing of face ${face.number}: white lines on black.`);
}

// Build the bars of each model: one row a label.
export function buildBars(models, labels) {
  const blocks = models.flatMap((model) => {
    const title = document.createElement("h3");
    title.textContent = model;
    title.hidden = models.length < 2;
    return [title, ...labels.map((label) => barRow(model, label))];
  });
  element("bars").replaceChildren(...blocks);
}

function barRow(model, label) {
  const row = document.createElement("div");
  row.className = "bar";
  row.dataset.model = model;
  row.dataset.label = label;
  const name = document.createElement("span");
  name.textContent = label;
  const track = document.createElement("div");
  track.className = "track";
  const fill = document.createElement("div");
  fill.className = "fill";
  fill.style.setProperty("--colour", `var(--${label})`);
  track.append(fill);
  const figure = document.createElement("span");
  figure.className = "figure";
  row.append(name, track, figure);
  setBar(row, null, false);
  return row;
}

function showBars(readings, models) {
  for (const row of element("bars").querySelectorAll(".bar")) {
    const reading = readings[row.dataset.model];
    if (!reading || !models.includes(row.dataset.model)) continue;
    setBar(row, reading.probabilities[row.dataset.label], row.dataset.label === reading.best);
  }
}

function setBar(row, probability, best) {
  row.dataset.probability = probability ?? "";
  row.classList.toggle("best", best);
  row.querySelector(".fill").style.width = `${100 * (probability ?? 0)}%`;
  row.querySelector(".figure").textContent = probability === null
    ? "–" : `${(100 * probability).toFixed(1)} %`;
}

// who: { run, face, model }, whose readings are shown.
export function showSession(session, who, labels) {
  drawTimeline(element("timeline"), session.lastMinute(who), labels);
  const shares = session.shares(who);
  drawRing(element("ring"), shares);
  const dominant = session.dominant(who);
  element("dominant").textContent = dominant === null ? "Nothing yet"
    : dominant === "it depends" ? "It depends" : `Mostly ${dominant}`;
  element("shares").replaceChildren(...shares.map(([emotion, share]) => {
    return legendItem(emotion, `${emotion} ${percent(share)}`);
  }));
  for (const id of ["save-csv", "save-json", "clear-session"]) {
    element(id).disabled = session.isEmpty;
  }
}

export function showLegend(labels) {
  element("legend").replaceChildren(...labels.map((label) => legendItem(label, label)));
}

function legendItem(emotion, text) {
  const item = document.createElement("li");
  item.append(swatch(emotionColour(emotion)), text);
  return item;
}

function swatch(colour) {
  const mark = document.createElement("i");
  mark.style.setProperty("--colour", colour);
  return mark;
}

// Frames a second, round trip and the server's time by stage.
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
