// The timeline and the ring, on canvas elements with a text alternative each.

import { emotionColour, percent } from "./shapes.js";

const LONGEST_GAP = 1.5; // seconds without a reading, after which the timeline has a hole

// Stacked probabilities of the last minute.
export function drawTimeline(canvas, { present, readings }, labels) {
  const { context, width, height } = prepared(canvas);
  const toX = (seconds) => width * (1 - (present - seconds) / 60);
  const colours = labels.map(emotionColour);
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
  }
  canvas.setAttribute("aria-label", describeTimeline(readings));
}

// The share of each label as a ring.
export function drawRing(canvas, shares) {
  const { context, width } = prepared(canvas);
  const centre = width / 2;
  context.lineWidth = width * 0.17;
  const radius = centre - context.lineWidth / 2 - 1;
  ringPart(context, centre, radius, 0, 1, cssColour("--sunken"));
  let start = 0;
  for (const [emotion, share] of shares) {
    ringPart(context, centre, radius, start, start + share, emotionColour(emotion));
    start += share;
  }
  const text = shares.map(([emotion, share]) => `${emotion} ${percent(share)}`).join(", ");
  canvas.setAttribute("aria-label", text ? `Shares: ${text}.` : "Shares: nothing recorded yet.");
}

function ringPart(context, centre, radius, from, to, colour) {
  const turn = (share) => 2 * Math.PI * share - Math.PI / 2;
  context.beginPath();
  context.arc(centre, centre, radius, turn(from), turn(to));
  context.strokeStyle = colour;
  context.stroke();
}

function describeTimeline(readings) {
  const last = readings.at(-1);
  if (!last) return "Timeline: nothing recorded yet.";
  const changes = readings.filter((reading, index) => {
    return index > 0 && reading.emotion !== readings[index - 1].emotion;
  }).length;
  return `Timeline of the last minute: now ${last.emotion}, ${changes} changes of label.`;
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
