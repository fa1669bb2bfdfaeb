// The session, in this page's memory: what each face was read as, and when.

import { disagree, emotionOf } from "./verdict.js";

const MAX_READINGS = 60_000; // about 40 minutes of one face at 25 frames a second
const LONGEST_STEP = 1; // seconds that one reading may stand for
const REPLAYED = 60; // seconds whose shapes are kept
const CLEAR_SHARE = 0.4;
const CLEAR_LEAD = 0.15;

export class Session {
  constructor() {
    this.clear();
  }

  clear() {
    this.startedAt = null;
    this.readings = [];
    this.shapes = []; // { seconds, run, face, points } of the last minute
    this.faces = new Map(); // keyOf(reading) -> { seconds by emotion, last }
  }

  get isEmpty() {
    return this.readings.length === 0;
  }

  // Faces have `verdicts`, one a model, and `shape`, their normalised points.
  // run: the connection that the result came by; each one counts its faces from 1.
  record(faces, run, now = performance.now()) {
    this.startedAt ??= now;
    const seconds = (now - this.startedAt) / 1000;
    for (const face of faces) {
      const differ = face.verdicts.length > 0 && disagree(face.verdicts);
      for (const verdict of face.verdicts) {
        const { model, label, confidence } = verdict;
        const entry = {
          seconds, run, face: face.number, model, emotion: emotionOf(verdict),
          label, confidence, disagree: differ,
          probabilities: face.readings[model].probabilities,
        };
        this.readings.push(entry);
        this.#addTime(entry);
      }
      const points = face.shape && Float32Array.from(face.shape.flat());
      if (points) this.shapes.push({ seconds, run, face: face.number, points });
    }
    if (this.readings.length > MAX_READINGS) this.readings.splice(0, MAX_READINGS / 10);
    const old = this.shapes.findIndex((shape) => seconds - shape.seconds <= REPLAYED + 1);
    if (old > 200) this.shapes.splice(0, old);
  }

  present(now = performance.now()) {
    return this.startedAt === null ? 0 : (now - this.startedAt) / 1000;
  }

  // Readings of one { run, face, model } in the last minute, oldest first, with the present time.
  lastMinute(who, now = performance.now()) {
    const present = this.present(now);
    const readings = this.#recent(present).filter((reading) => keyOf(reading) === keyOf(who));
    return { present, readings };
  }

  // The numbers of the faces that a model read in the last minute of a run, in order.
  people(run, model, now = performance.now()) {
    const recent = this.#recent(this.present(now));
    const theirs = recent.filter((reading) => reading.run === run && reading.model === model);
    return [...new Set(theirs.map(({ face }) => face))].sort((first, second) => first - second);
  }

  #recent(present) {
    let index = this.readings.length;
    while (index > 0 && present - this.readings[index - 1].seconds <= 60) index -= 1;
    return this.readings.slice(index);
  }

  // The shape that a face had at a time, as points, or null where it was not in view.
  shapeAt({ run, face }, seconds) {
    const theirs = this.shapes.filter((shape) => shape.run === run && shape.face === face);
    const nearest = nearestTo(theirs, seconds);
    if (!nearest || Math.abs(nearest.seconds - seconds) > LONGEST_STEP) return null;
    const points = [];
    for (let index = 0; index < nearest.points.length; index += 2) {
      points.push([nearest.points[index], nearest.points[index + 1]]);
    }
    return points;
  }

  // [emotion, share of the time] of one { run, face, model }, largest first.
  shares(who) {
    const seconds = this.faces.get(keyOf(who))?.seconds ?? new Map();
    const total = [...seconds.values()].reduce((sum, value) => sum + value, 0);
    if (!total) return [];
    return [...seconds].map(([emotion, value]) => [emotion, value / total])
      .sort((first, second) => second[1] - first[1]);
  }

  // The label that clearly leads, "it depends", or null before anything was read.
  dominant(who) {
    const [first, second] = this.shares(who);
    if (!first) return null;
    const leads = first[1] >= CLEAR_SHARE && first[1] - (second?.[1] ?? 0) >= CLEAR_LEAD;
    return leads ? first[0] : "it depends";
  }

  toJson() {
    return JSON.stringify({ readings: this.readings }, null, 1);
  }

  toCsv() {
    const labels = Object.keys(this.readings[0]?.probabilities ?? {});
    const rows = this.readings.map((reading) => [
      reading.seconds.toFixed(3), reading.run, reading.face, reading.model, reading.emotion,
      reading.label, Number(reading.disagree),
      ...labels.map((label) => reading.probabilities[label]),
    ]);
    const head = ["seconds", "run", "face", "model", "emotion", "label", "disagree", ...labels];
    return toCsv([head, ...rows]);
  }

  #addTime({ emotion, seconds, ...who }) {
    const key = keyOf(who);
    const face = this.faces.get(key) ?? { seconds: new Map(), last: seconds - 0.04 };
    const step = Math.min(seconds - face.last, LONGEST_STEP);
    face.seconds.set(emotion, (face.seconds.get(emotion) ?? 0) + step);
    face.last = seconds;
    this.faces.set(key, face);
  }
}

// Of entries in order the one whose `seconds` come nearest to a time; undefined without any.
export function nearestTo(entries, seconds) {
  const after = entries.findIndex((entry) => entry.seconds >= seconds);
  if (after === -1) return entries.at(-1);
  if (after === 0) return entries[0];
  const [before, next] = [entries[after - 1], entries[after]];
  return seconds - before.seconds < next.seconds - seconds ? before : next;
}

function keyOf({ run, face, model }) {
  return [run, face, model].join();
}

// Rows of values as CSV; text with commas, quotes or line ends is quoted.
export function toCsv(rows) {
  const quoted = (value) => {
    const text = String(value ?? "");
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

// Let the browser save text or a blob as a file.
export function download(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
