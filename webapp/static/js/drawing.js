// The drawing beside the picture: the chosen face in smooth lines, or the exact 48 x 48 pixels;
// every face side by side where only lines are shown.

import { faceColour, MEDIAN_FACE, smoothPath } from "./shapes.js";

const FOLLOW_MS = 45;
const INK = "#f4f1ea";
const FAINT = "#2c343d";
const PIXELS = 48;

export class Drawing {
  // exact: whether the model's own picture is shown; everyone: whether all faces are.
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.exact = false;
    this.everyone = false;
    this.mirrored = false;
    this.replayed = null;
    this.clear();
  }

  clear() {
    this.faces = new Map();
    this.chosen = null;
    this.canvas.setAttribute("aria-label", "No face: the drawing is empty.");
  }

  // Take in faces with `number`, `shape` (normalised points), `readable` and `drawing`.
  update(faces, chosen) {
    const next = new Map();
    for (const face of faces) {
      const before = this.faces.get(face.number);
      const picture = before?.picture ?? new Image();
      if (this.exact && face.drawing) picture.src = face.drawing;
      const points = before?.points ?? face.shape;
      const colour = face.readable === false ? FAINT : undefined;
      next.set(face.number, { number: face.number, target: face.shape, points, picture, colour });
    }
    this.faces = next;
    this.chosen = chosen;
    this.canvas.setAttribute("aria-label", next.size
      ? `Drawing of face ${chosen}: white lines on black.` : "No face: the drawing is empty.");
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
    const share = 1 - Math.exp(-elapsed / FOLLOW_MS);
    for (const face of this.faces.values()) {
      face.points = face.points.map((point, index) => (
        point.map((value, axis) => value + share * (face.target[index][axis] - value))
      ));
    }
    this.#draw();
  }

  #draw() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const shown = this.#shown();
    const cell = width / Math.max(1, shown.length);
    shown.forEach((face, index) => {
      const side = Math.min(cell, height);
      const left = cell * index + (cell - side) / 2;
      const top = (height - side) / 2;
      context.setTransform(1, 0, 0, 1, left, top);
      if (this.mirrored) context.transform(-1, 0, 0, 1, side, 0);
      if (face.picture?.complete && this.exact) this.#drawPixels(face.picture, side);
      else drawLines(context, face.points, side, face.colour ?? INK);
    });
  }

  #shown() {
    if (this.replayed) return [{ points: this.replayed }];
    if (!this.faces.size) return [{ points: MEDIAN_FACE, colour: FAINT }];
    if (!this.everyone || this.faces.size < 2) return [this.faces.get(this.chosen)];
    return [...this.faces.values()].map((face) => (
      { ...face, colour: face.colour ?? faceColour(face.number) }
    ));
  }

  #drawPixels(picture, side) {
    if (!picture.naturalWidth) return;
    const whole = Math.floor(side / PIXELS) * PIXELS || side; // so that all pixels are equal
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(picture, (side - whole) / 2, (side - whole) / 2, whole, whole);
  }
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
