// Boxes, points and labels over the picture, drawn at the screen's rate, not the server's.

import { GAP, placeLabels } from "./labels.js";
import { Changes, glide } from "./motion.js";
import { eyeCentres, faceColour, percent, smoothPath } from "./shapes.js";
import { disagree, inWords } from "./verdict.js";

const ARRIVED = 0.1; // pixels of the picture
const FONT = "600 14px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const LABEL_HEIGHT = 28;

export class Overlay {
  constructor(canvas, feed) {
    this.canvas = canvas;
    this.feed = feed;
    this.mirrored = false;
    this.obstacles = []; // rectangles of the canvas that something else covers
    this.changes = new Changes();
    this.clear();
  }

  clear() {
    this.shown = new Map();
    this.size = null;
    this.chosen = null;
    this.canvas.setAttribute("aria-label", "No face is marked.");
  }

  // Take in a result whose faces have `verdicts`: [{ name, label, mean, certain }], one a
  // model. Faces that stay glide to their new place, others appear or go.
  update(result) {
    this.size = [result.width, result.height];
    const next = new Map();
    for (const face of result.faces) {
      const before = this.shown.get(face.number);
      next.set(face.number, {
        number: face.number,
        target: markers(face),
        markers: before?.markers ?? markers(face),
        verdicts: face.verdicts,
        before: before?.before,
      });
    }
    this.shown = next;
    this.canvas.setAttribute("aria-label", describe(result.faces));
  }

  // Glide and draw; elapsed: milliseconds since the last step.
  step(elapsed) {
    for (const face of this.shown.values()) {
      face.markers = glide(face.markers, face.target, elapsed, ARRIVED);
    }
    this.#draw();
  }

  // The number of the face at a pointer event, or null.
  faceAt(event) {
    if (!this.size) return null;
    const bounds = this.canvas.getBoundingClientRect();
    const place = this.#placement(bounds.width, bounds.height);
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    for (const face of this.shown.values()) {
      const [left, top, right, bottom] = onScreen(placed(face).box, place);
      if (x >= left && x <= right && y >= top && y <= bottom) return face.number;
    }
    return null;
  }

  // Draw picture and overlay onto a canvas, for saving.
  compose(canvas, { marks = true } = {}) {
    const [width, height] = this.feed.size;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d");
    if (this.mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
    context.drawImage(this.feed.picture, 0, 0, width, height);
    context.resetTransform();
    if (!this.size || !marks) return;
    const faces = [...this.shown.values()].map(placed);
    drawFaces(context, faces, this.#placement(width, height), [width, height], this.chosen);
  }

  #draw() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.canvas;
    const width = Math.round(clientWidth * ratio);
    const height = Math.round(clientHeight * ratio);
    const faces = [...this.shown.values()];
    const seen = faces.flatMap((face) => [face.markers, labelOf(face)]);
    const covered = this.obstacles.join();
    const values = [width, height, this.mirrored, this.chosen, this.size?.join(), covered, ...seen];
    if (!this.changes.in(values)) return;
    this.canvas.width = width; // this also clears it
    this.canvas.height = height;
    if (!this.size) return;
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const area = [clientWidth, clientHeight];
    const drawn = faces.map(placed);
    drawFaces(context, drawn, this.#placement(...area), area, this.chosen, this.obstacles);
    drawn.forEach(({ before }, index) => { faces[index].before = before; });
  }

  // Where the picture lies in an area, as CSS's object-fit: contain puts it.
  #placement(width, height) {
    const scale = Math.min(width / this.size[0], height / this.size[1]);
    return {
      scale,
      left: (width - scale * this.size[0]) / 2,
      top: (height - scale * this.size[1]) / 2,
      mirrorWidth: this.mirrored ? this.size[0] : null,
    };
  }
}

// What glides of a face: its points, and two corners of its box.
function markers({ box, points }) {
  return [...points, [box[0], box[1]], [box[2], box[3]]];
}

function placed(face) {
  const [first, second] = face.markers.slice(-2);
  return { ...face, points: face.markers.slice(0, -2), box: [...first, ...second] };
}

// Draw faces with { number, box, points, verdicts }, in pixels of the picture; `place` maps them
// to an area of the canvas; obstacles: rectangles of the area that labels stay off.
export function drawFaces(context, faces, place, area, chosen = null, obstacles = []) {
  context.lineJoin = "round";
  context.lineCap = "round";
  context.font = FONT;
  const marked = faces.map((face) => onCanvas(context, face, place, area[0]));
  for (const face of marked) drawMarks(context, face, face.number === chosen);
  placeLabels(marked, area, obstacles).forEach(({ x, y, place: index }, position) => {
    faces[position].before = index;
    drawLabel(context, marked[position], x, y);
  });
}

function onCanvas(context, face, place, width) {
  const points = face.points.map(([x, y]) => [toX(x, place), place.top + y * place.scale]);
  const box = onScreen(face.box, place);
  const widthOf = (text) => context.measureText(text).width + 34;
  const texts = [labelOf(face), shortLabelOf(face)];
  const text = texts.find((each) => widthOf(each) <= width - 2 * GAP) ?? texts.at(-1);
  const size = [widthOf(text), LABEL_HEIGHT];
  return { ...face, points, box, text, size, eyes: aroundEyes(points) };
}

// The rectangle of both eyes and brows, which no label covers.
function aroundEyes(points) {
  const [right, left] = eyeCentres(points);
  const reach = 0.45 * Math.hypot(left[0] - right[0], left[1] - right[1]);
  const xs = [right[0], left[0]];
  const ys = [right[1], left[1], ...points.slice(0, 10).map(([, y]) => y)];
  return [
    Math.min(...xs) - reach, Math.min(...ys) - reach / 3,
    Math.max(...xs) + reach, Math.max(...ys) + reach,
  ];
}

// "1  happy 92 %", "1  leaning neutral", "1  Shape happy ≠ Pixels neutral".
export function labelOf({ number, verdicts }) {
  const [first] = verdicts;
  if (first.unreadable) return `${number}  ${inWords(first)}`;
  const guess = first.certain ? `${first.label} ${percent(first.mean)}` : inWords(first);
  if (verdicts.length < 2) return `${number}  ${guess}`;
  if (!disagree(verdicts)) return `${number}  both: ${inWords(first)}`;
  return `${number}  ${verdicts.map((each) => `${each.name} ${inWords(each)}`).join(" ≠ ")}`;
}

// "1  happy", "1  happy ≠ neutral": where the whole label is wider than the picture.
function shortLabelOf({ number, verdicts }) {
  if (verdicts[0].unreadable || !disagree(verdicts)) return `${number}  ${inWords(verdicts[0])}`;
  return `${number}  ${verdicts.map(({ label }) => label).join(" ≠ ")}`;
}

function drawMarks(context, { box, points, number, verdicts }, chosen) {
  const side = box[2] - box[0];
  const colour = faceColour(number);
  drawCorners(context, box, colour, chosen ? 3.5 : 2);
  if (verdicts[0].unreadable) return; // points that are plainly wrong are not shown
  context.strokeStyle = colour;
  context.globalAlpha = 0.85;
  context.lineWidth = Math.max(1, side / 120);
  context.stroke(new Path2D(smoothPath(points)));
  context.globalAlpha = 1;
  context.fillStyle = "#ffffff";
  context.beginPath();
  const radius = Math.max(1, side / 120);
  for (const [x, y] of points) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
}

function drawCorners(context, [left, top, right, bottom], colour, width) {
  const arm = (right - left) / 6;
  context.beginPath();
  for (const [x, y, towardsX, towardsY] of [
    [left, top, arm, arm], [right, top, -arm, arm],
    [right, bottom, -arm, -arm], [left, bottom, arm, -arm],
  ]) {
    context.moveTo(x + towardsX, y);
    context.lineTo(x, y);
    context.lineTo(x, y + towardsY);
  }
  context.strokeStyle = "rgb(0 0 0 / 45%)";
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function drawLabel(context, { text, size: [width, height], number }, x, y) {
  context.fillStyle = "rgb(11 14 18 / 88%)";
  context.beginPath();
  context.roundRect(x, y, width, height, 8);
  context.fill();
  context.fillStyle = faceColour(number);
  context.beginPath();
  context.roundRect(x + 10, y + height / 2 - 5, 10, 10, 3);
  context.fill();
  context.fillStyle = "#ffffff";
  context.textBaseline = "middle";
  context.fillText(text, x + 26, y + height / 2 + 0.5);
}

function onScreen(box, place) {
  const [first, second] = [toX(box[0], place), toX(box[2], place)];
  return [
    Math.min(first, second), place.top + box[1] * place.scale,
    Math.max(first, second), place.top + box[3] * place.scale,
  ];
}

function toX(x, place) {
  const seen = place.mirrorWidth === null ? x : place.mirrorWidth - x;
  return place.left + seen * place.scale;
}

function describe(faces) {
  if (!faces.length) return "No face in view.";
  const each = faces.map(({ number, verdicts }) => `face ${number}: ${inWords(verdicts[0])}`);
  return `${faces.length === 1 ? "1 face" : `${faces.length} faces`} marked; ${each.join(", ")}.`;
}
