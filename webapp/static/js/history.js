// The session, in this page's memory: what each face was read as, and when.

const MAX_READINGS = 60_000; // about 40 minutes of one face at 25 frames a second
const LONGEST_STEP = 1; // seconds that one reading may stand for
const CLEAR_SHARE = 0.4;
const CLEAR_LEAD = 0.15;

export class Session {
  constructor() {
    this.clear();
  }

  clear() {
    this.startedAt = null;
    this.readings = [];
    this.faces = new Map(); // keyOf(reading) -> { seconds by emotion, last }
  }

  get isEmpty() {
    return this.readings.length === 0;
  }

  // run: the connection that the result came by; each one counts its faces from 1.
  record(result, run, model, now = performance.now()) {
    this.startedAt ??= now;
    const seconds = (now - this.startedAt) / 1000;
    for (const face of result.faces) {
      const reading = face.readings[model];
      if (!reading) continue;
      const { emotion, confidence, probabilities } = reading;
      const entry = { seconds, run, face: face.number, model, emotion, confidence, probabilities };
      this.readings.push(entry);
      this.#addTime(entry);
    }
    if (this.readings.length > MAX_READINGS) this.readings.splice(0, MAX_READINGS / 10);
  }

  // Readings of one { run, face, model } in the last minute, oldest first, with the present time.
  lastMinute(who, now = performance.now()) {
    const present = this.startedAt === null ? 0 : (now - this.startedAt) / 1000;
    const recent = [];
    for (let index = this.readings.length - 1; index >= 0; index -= 1) {
      const reading = this.readings[index];
      if (present - reading.seconds > 60) break;
      if (keyOf(reading) === keyOf(who)) recent.push(reading);
    }
    return { present, readings: recent.reverse() };
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
      ...labels.map((label) => reading.probabilities[label]),
    ]);
    return [["seconds", "run", "face", "model", "emotion", ...labels], ...rows]
      .map((row) => `${row.join(",")}\n`).join("");
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

function keyOf({ run, face, model }) {
  return [run, face, model].join();
}

// Let the browser save text or a blob as a file.
export function download(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
