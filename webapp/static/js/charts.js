// The strip and the ring, on canvas elements with a text alternative each.

import { emotionColour, percent } from "./shapes.js";

const LONGEST_GAP = 1.5; // seconds without a reading, after which the strip has a hole
const SPAN = 60; // seconds
const UNSURE = ["uncertain", "unreadable"];

// Stacked probabilities of the last minute; hatched where the verdict was uncertain.
// marker: seconds at which a line stands, or null.
export function drawStrip(canvas, { present, readings }, labels, marker = null) {
  const { context, width, height } = prepared(canvas);
  const toX = (seconds) => width * (1 - (present - seconds) / SPAN);
  const colours = labels.map(emotionColour);
  const hatch = hatching(context, "rgb(11 14 18 / 55%)");
  for (let index = 1; index < readings.length; index += 1) {
    const [before, reading] = [readings[index - 1], readings[index]];
    if (reading.seconds - before.seconds > LONGEST_GAP) continue;
    const left = Math.floor(toX(before.seconds));
    const right = Math.ceil(toX(reading.seconds));
    let top = 0;
    labels.forEach((label, position) => {
      const share = (reading.probabilities[label] ?? 0) * height;
      context.fillStyle = colours[position];
      context.fillRect(left, top, right - left, share + 1);
      top += share;
    });
    if (reading.emotion !== reading.label) {
      context.fillStyle = hatch;
      context.fillRect(left, 0, right - left, height);
    }
  }
  if (marker !== null) drawMarker(context, toX(marker), height);
}

function drawMarker(context, x, height) {
  context.fillStyle = cssColour("--surface");
  context.fillRect(x - 2.5, 0, 5, height);
  context.fillStyle = cssColour("--ink");
  context.fillRect(x - 1, 0, 2, height);
}

// The share of each label as a ring; what was uncertain is hatched.
export function drawRing(canvas, shares) {
  const { context, width } = prepared(canvas);
  const centre = width / 2;
  context.lineWidth = width * 0.2;
  const radius = centre - context.lineWidth / 2;
  ringPart(context, centre, radius, 0, 1, cssColour("--sunken"));
  let start = 0;
  for (const [emotion, share] of shares) {
    const colour = UNSURE.includes(emotion)
      ? hatching(context, cssColour("--ink-soft")) : emotionColour(emotion);
    ringPart(context, centre, radius, start, start + share, colour);
    start += share;
  }
  const text = shares.map(([emotion, share]) => `${emotion} ${percent(share)}`).join(", ");
  canvas.setAttribute("aria-label", text ? `Shares: ${text}.` : "Shares: nothing recorded yet.");
}

function ringPart(context, centre, radius, from, to, style) {
  const turn = (share) => 2 * Math.PI * share - Math.PI / 2;
  context.beginPath();
  context.arc(centre, centre, radius, turn(from), turn(to));
  context.strokeStyle = style;
  context.stroke();
}

function hatching(context, colour) {
  const tile = document.createElement("canvas");
  tile.width = 6;
  tile.height = 6;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  for (const shift of [-6, 0, 6]) {
    pen.moveTo(shift - 1, 7);
    pen.lineTo(shift + 7, -1);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

function prepared(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return { context, width, height };
}

function cssColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}
