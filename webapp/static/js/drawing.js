// The drawing beside the picture: the chosen face in smooth lines, or the exact 48 x 48 pixels;
// every face side by side where only lines are shown.

import { Changes, glide } from "./motion.js";
import { faceColour, MEDIAN_FACE, smoothPath } from "./shapes.js";

const INK = "#f4f1ea";
const FAINT = "#2c343d";
const REST = "#5d7a94";
const ARROW = "#ffb454";
const STILL = 0.012; // of the drawing's side
const PIXELS = 48;
const ARRIVED = 0.0003; // of the drawing's side

export class Drawing {
  // exact: whether the model's own picture is shown; everyone: whether all faces are.
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.exact = false;
    this.everyone = false;
    this.mirrored = false;
    this.replayed = null;
    this.changes = new Changes();
    this.asleep = null; // { points, colour } while nobody is there, in place of a faint median face
    this.view = "now"; // or "rest", or "arrows" from rest to now, for a face that has a rest
    this.clear();
  }

  clear() {
    this.faces = new Map();
    this.pictures = new Map(); // the model's own, decoded, by number
    this.asked = new Map(); // their addresses, by number
    this.chosen = null;
    this.canvas.setAttribute("aria-label", "No face: the drawing is empty.");
  }

  // Take in faces with `number`, `shape` (normalised points), `readable` and `drawing`.
  update(faces, chosen) {
    const next = new Map();
    for (const face of faces) {
      const { number, shape: target } = face;
      const points = this.faces.get(number)?.points ?? target;
      const colour = face.readable === false ? FAINT : undefined;
      const rest = face.rest?.points.map(([x, y]) => [x / 1000, y / 1000]);
      next.set(number, { number, target, points, colour, rest, address: face.drawing });
    }
    this.faces = next;
    this.chosen = chosen;
    this.canvas.setAttribute("aria-label", next.size
      ? `Drawing of face ${chosen}: white lines on black.` : "No face: the drawing is empty.");
  }

  // A face's newest picture that is decoded; asks for a newer one where there is one.
  #picture({ number, address }) {
    if (address && this.asked.get(number) !== address) {
      this.asked.set(number, address);
      this.#load(number, address);
    }
    return this.pictures.get(number);
  }

  async #load(number, address) {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    if (this.faces.has(number)) this.pictures.set(number, picture);
  }

  // Show a past shape, normalised points, until null is passed.
  replay(points) {
    this.replayed = points;
  }

  // The chosen face's normalised points as they are drawn now, mirrored as they are; null without.
  get shown() {
    const points = this.faces.get(this.chosen)?.points ?? null;
    return this.mirrored ? points?.map(([x, y]) => [1 - x, y]) : points;
  }

  step(elapsed) {
    for (const face of this.faces.values()) {
      face.points = glide(face.points, face.target, elapsed, ARRIVED);
    }
    this.#draw();
  }

  #draw() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    const shown = this.#shown();
    const seen = shown.flatMap((face) => [face.points, face.colour, face.rest, face.picture]);
    if (!this.changes.in([width, height, this.mirrored, this.view, ...seen])) return;
    this.canvas.width = width; // this also clears it
    this.canvas.height = height;
    const { context } = this;
    const cell = width / Math.max(1, shown.length);
    shown.forEach((face, index) => {
      const side = Math.min(cell, height);
      const left = cell * index + (cell - side) / 2;
      const top = (height - side) / 2;
      context.setTransform(1, 0, 0, 1, left, top);
      if (this.mirrored) context.transform(-1, 0, 0, 1, side, 0);
      if (face.picture) this.#drawPixels(face.picture, side);
      else drawFace(context, face, this.view, side);
    });
  }

  #shown() {
    if (this.replayed) return [{ points: this.replayed }];
    if (!this.faces.size) return [this.asleep ?? { points: MEDIAN_FACE, colour: FAINT }];
    const several = this.everyone && this.faces.size > 1;
    const all = [...this.faces.values()];
    const faces = several ? all : [this.faces.get(this.chosen) ?? all[0]];
    return faces.map((face) => {
      const colour = face.colour ?? (several ? faceColour(face.number) : INK);
      return { ...face, colour, picture: this.exact ? this.#picture(face) : undefined };
    });
  }

  #drawPixels(picture, side) {
    const whole = Math.floor(side / PIXELS) * PIXELS || side; // so that all pixels are equal
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(picture, (side - whole) / 2, (side - whole) / 2, whole, whole);
  }
}

// Draw a face as it is now, at rest, or how it came from rest to now.
function drawFace(context, face, view, side) {
  const colour = face.colour ?? INK;
  if (!face.rest || view === "now") drawLines(context, face.points, side, colour);
  else if (view === "rest") drawLines(context, face.rest, side, REST);
  else {
    drawLines(context, face.rest, side, REST);
    drawLines(context, face.points, side, colour);
    drawArrows(context, face.rest, face.points, side);
  }
}

// An arrow for each point that has moved more than trembling does.
function drawArrows(context, from, to, side) {
  context.save();
  context.strokeStyle = ARROW;
  context.lineWidth = Math.max(1.5, 0.006 * side);
  context.lineCap = "round";
  from.forEach(([x, y], index) => {
    const [toX, toY] = to[index];
    const length = Math.hypot(toX - x, toY - y);
    if (length < STILL) return;
    const angle = Math.atan2(toY - y, toX - x);
    context.beginPath();
    context.moveTo(side * x, side * y);
    context.lineTo(side * toX, side * toY);
    for (const turn of [2.6, -2.6]) {
      context.moveTo(side * toX, side * toY);
      context.lineTo(
        side * (toX + Math.min(0.4 * length, 0.02) * Math.cos(angle + turn)),
        side * (toY + Math.min(0.4 * length, 0.02) * Math.sin(angle + turn)),
      );
    }
    context.stroke();
  });
  context.restore();
}

// Draw normalised points as smooth lines into a square whose corner is the context's origin.
export function drawLines(context, points, side, colour = INK) {
  context.save();
  context.scale(side, side);
  context.strokeStyle = colour;
  context.lineWidth = 0.0095;
  context.lineJoin = "round";
  context.lineCap = "round";
  context.stroke(new Path2D(smoothPath(points)));
  context.restore();
}

// The same as an SVG file's text.
export function toSvg(points) {
  return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
    + '<rect width="1" height="1" fill="#000"/>'
    + `<path d="${smoothPath(points)}" fill="none" stroke="${INK}" stroke-width="0.011" `
    + 'stroke-linecap="round" stroke-linejoin="round"/></svg>\n';
}

// The same as an element of a page; `label` is its text alternative.
export function svgElement(points, label) {
  const make = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const svg = make("svg", { viewBox: "0 0 1 1", role: "img", "aria-label": label, class: "lines" });
  svg.append(make("path", { d: smoothPath(points) }));
  return svg;
}
