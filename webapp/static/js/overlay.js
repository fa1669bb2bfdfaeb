// Boxes, points and labels over the picture, drawn at the screen's rate, not the server's.

import { faceColour, percent, traceFace } from "./shapes.js";

const FOLLOW_MS = 45; // time constant with which a drawn face moves to its newest place

export class Overlay {
  constructor(canvas, video) {
    this.canvas = canvas;
    this.video = video;
    this.mirrored = true;
    this.clear();
  }

  clear() {
    this.shown = new Map();
    this.size = null;
    this.chosen = null;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  // Take in a result: faces that stay glide to their new place, others appear or go.
  update(result, model) {
    this.size = [result.width, result.height];
    const next = new Map();
    for (const face of result.faces) {
      const before = this.shown.get(face.number);
      next.set(face.number, {
        number: face.number,
        target: { box: face.box, points: face.points },
        box: before?.box ?? face.box,
        points: before?.points ?? face.points,
        reading: face.readings[model],
      });
    }
    this.shown = next;
    this.canvas.setAttribute("aria-label", describe(result.faces, model));
  }

  start() {
    const step = (now) => {
      this.#glide(Math.min(now - (this.lastStep ?? now), 200));
      this.lastStep = now;
      this.#draw();
      this.request = requestAnimationFrame(step);
    };
    this.stop();
    this.request = requestAnimationFrame(step);
  }

  stop() {
    cancelAnimationFrame(this.request);
    this.lastStep = undefined;
  }

  // The number of the face at a pointer event, or null.
  faceAt(event) {
    if (!this.size) return null;
    const bounds = this.canvas.getBoundingClientRect();
    const place = this.#placement(bounds.width, bounds.height);
    for (const face of this.shown.values()) {
      const [left, top, right, bottom] = onScreen(face.box, place);
      const x = event.clientX - bounds.left;
      const y = event.clientY - bounds.top;
      if (x >= left && x <= right && y >= top && y <= bottom) return face.number;
    }
    return null;
  }

  // Draw picture and overlay onto a canvas, for saving.
  compose(canvas) {
    const { videoWidth, videoHeight } = this.video;
    if (canvas.width !== videoWidth) canvas.width = videoWidth;
    if (canvas.height !== videoHeight) canvas.height = videoHeight;
    const context = canvas.getContext("2d");
    if (this.mirrored) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
    context.drawImage(this.video, 0, 0);
    context.resetTransform();
    if (this.size) this.#drawFaces(context, this.#placement(canvas.width, canvas.height));
  }

  #glide(elapsed) {
    const share = 1 - Math.exp(-elapsed / FOLLOW_MS);
    const towards = (from, to) => from.map((value, index) => value + share * (to[index] - value));
    for (const face of this.shown.values()) {
      face.box = towards(face.box, face.target.box);
      face.points = face.points.map((point, index) => towards(point, face.target.points[index]));
    }
  }

  #draw() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.canvas;
    const width = Math.round(clientWidth * ratio);
    const height = Math.round(clientHeight * ratio);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
    if (this.size) this.#drawFaces(context, this.#placement(clientWidth, clientHeight));
  }

  #drawFaces(context, place) {
    for (const face of this.shown.values()) {
      drawFace(context, face, place, faceColour(face.number), face.number === this.chosen);
    }
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

// Draw box, points and label of a face in pixels of the picture; `place` maps them to the canvas.
export function drawFace(context, face, place, colour, chosen) {
  const [left, top, right, bottom] = onScreen(face.box, place);
  const side = right - left;
  context.lineJoin = "round";
  context.lineCap = "round";
  drawCorners(context, left, top, right, bottom, colour, chosen ? 3.5 : 2);
  const points = face.points.map(([x, y]) => [toX(x, place), place.top + y * place.scale]);
  traceFace(context, points);
  context.strokeStyle = colour;
  context.globalAlpha = 0.75;
  context.lineWidth = Math.max(1, side / 130);
  context.stroke();
  context.globalAlpha = 1;
  context.fillStyle = "#ffffff";
  for (const [x, y] of points) {
    context.beginPath();
    context.arc(x, y, Math.max(1, side / 110), 0, 2 * Math.PI);
    context.fill();
  }
  drawLabel(context, labelOf(face), left, top, colour);
}

function labelOf(face) {
  const { emotion, best, confidence } = face.reading;
  const guess = emotion === best ? `${best} ${percent(confidence)}` : `${emotion} (${best}?)`;
  return `${face.number}  ${guess}`;
}

function drawCorners(context, left, top, right, bottom, colour, width) {
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

function drawLabel(context, text, left, top, colour) {
  context.font = "600 14px system-ui, sans-serif";
  const width = context.measureText(text).width + 30;
  const x = Math.max(4, left);
  const y = Math.max(4, top - 34);
  context.fillStyle = "rgb(11 14 18 / 86%)";
  context.beginPath();
  context.roundRect(x, y, width, 26, 8);
  context.fill();
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x + 8, y + 8, 10, 10, 3);
  context.fill();
  context.fillStyle = "#ffffff";
  context.textBaseline = "middle";
  context.fillText(text, x + 23, y + 13.5);
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

function describe(faces, model) {
  if (!faces.length) return "No face in view.";
  const each = faces.map(({ number, readings }) => {
    return `face ${number}: ${readings[model]?.emotion ?? "not read yet"}`;
  });
  return `${faces.length === 1 ? "1 face" : `${faces.length} faces`} marked; ${each.join(", ")}.`;
}
