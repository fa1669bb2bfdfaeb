// Follow faces from frame to frame, as webapp/tracking.py does: detection runs only when following
// needs it.

import { detect } from "./faces.js";
import { landmarksOf } from "./mesh.js";
import { faceAt, faceOf } from "./pipeline.js";
import { distance, frameOf, frameOfPoints } from "./points.js";
import { ProbabilitySmoother, VertexSmoother } from "./smoothing.js";

const DETECT_EVERY = 12; // frames; between them the last points say where to look
const RETRY_AFTER = 3; // frames between detections that a lost face asks for
const MIN_PRESENCE = 0; // the mesh's logit: 10 and more on clear faces, below 0 on a wall
const MAX_SHIFT = 0.35; // of a face's side in one frame; points that jump further are not trusted
const MAX_GROWTH = 1.4;
const SAME_FACE = 0.7; // of a face's side: a detected box nearer than this is the face followed
const DRIFT = 0.2; // of a face's side between box and points, from which the box is believed
const KEEP_SCORE = 0.25; // a face that is followed is kept at lower scores than one that is new
const MISSES_ALLOWED = 1; // detections in a row that may miss a face before it is dropped
const MAX_FACES = 8;

// One face over time; `number` is kept while it is in view.
class Track {
  constructor(number, face) {
    this.number = number;
    this.face = face;
    this.misses = 0;
    this.vertexSmoother = new VertexSmoother();
    this.smoothers = new Map();
  }

  get isLost() {
    return this.misses > MISSES_ALLOWED || (this.misses > 0 && this.face.presence < MIN_PRESENCE);
  }

  smoothProbabilities(model, probabilities, seconds) {
    if (!this.smoothers.has(model)) this.smoothers.set(model, new ProbabilitySmoother());
    return this.smoothers.get(model).update(probabilities, seconds);
  }
}

export class Tracker {
  constructor(networks, { minScore }) {
    this.networks = networks;
    this.minScore = minScore;
    this.tracks = [];
    this.sinceDetection = DETECT_EVERY;
    this.nextNumber = 1;
  }

  // Take the next frame; the faces in view, by number: [{ track, vertices, points }].
  async update(gray, seconds, { smooth, watch }) {
    this.sinceDetection += 1;
    const isDue = !this.tracks.length || this.sinceDetection >= DETECT_EVERY;
    if (isDue || !await this.#follow(gray, watch)) await this.#detect(gray, watch);
    return this.tracks.map((track) => {
      const { vertices: found, points: foundPoints } = track.face;
      const smoothed = track.vertexSmoother.update(found, foundPoints, seconds);
      const vertices = smooth ? smoothed : found;
      return { track, vertices, points: landmarksOf(vertices) };
    });
  }

  // Move every face from its last points; false where one cannot be trusted and may be looked for.
  async #follow(gray, watch) {
    const moved = await watch("landmarks", () => each(this.tracks, ({ face }) => (
      faceAt(this.networks, gray, face.points)
    )));
    const isTrusted = this.tracks.every(({ face }, index) => isReliable(face, moved[index]));
    if (!isTrusted && this.sinceDetection >= RETRY_AFTER) return false;
    this.tracks.forEach((track, index) => { track.face = moved[index]; });
    return true;
  }

  async #detect(gray, watch) {
    const score = Math.min(KEEP_SCORE, this.minScore);
    const boxes = await watch("detect", () => detect(this.networks, gray, score));
    this.sinceDetection = 0;
    const matches = match(this.tracks, boxes);
    await watch("landmarks", async () => {
      for (const track of this.tracks) await this.#place(gray, track, matches.get(track));
      this.tracks = this.tracks.filter((track) => !track.isLost);
      const taken = new Set(matches.values());
      await this.#welcome(gray, boxes.filter((box) => !taken.has(box)));
    });
  }

  // Put a track on its detected box, or follow its points where they agree with it.
  async #place(gray, track, box) {
    track.misses = box ? 0 : track.misses + 1;
    const hasDrifted = box && apart(track.face.points, box) > DRIFT;
    track.face = hasDrifted
      ? await faceOf(this.networks, gray, box)
      : await faceAt(this.networks, gray, track.face.points);
  }

  async #welcome(gray, boxes) {
    for (const box of [...boxes].sort((first, second) => first.xMin - second.xMin)) {
      if (box.score < this.minScore || this.tracks.length >= MAX_FACES) continue;
      const face = await faceOf(this.networks, gray, box);
      this.tracks.push(new Track(this.nextNumber, face));
      this.nextNumber += 1;
    }
  }
}

async function each(items, look) {
  const results = [];
  for (const item of items) results.push(await look(item));
  return results;
}

// The box of each track: the nearest pairs first, each box once.
function match(tracks, boxes) {
  const pairs = tracks.flatMap((track) => boxes.map((box) => ({
    track, box, offset: apart(track.face.points, box),
  })));
  const matches = new Map();
  const taken = new Set();
  for (const { track, box, offset } of pairs.sort((one, other) => one.offset - other.offset)) {
    if (offset > SAME_FACE || matches.has(track) || taken.has(box)) continue;
    matches.set(track, box);
    taken.add(box);
  }
  return matches;
}

// Whether a face can be the next place of the one seen a frame before.
function isReliable(before, after) {
  const [old, now] = [frameOfPoints(before.points), frameOfPoints(after.points)];
  const shift = distance([now.x, now.y], [old.x, old.y]) / old.side;
  const growth = Math.max(now.side / old.side, old.side / now.side);
  return after.presence >= MIN_PRESENCE && shift <= MAX_SHIFT && growth <= MAX_GROWTH;
}

// The distance between where points and box place a face, in its sides.
function apart(points, box) {
  const [followed, detected] = [frameOfPoints(points), frameOf(box)];
  const side = Math.max(followed.side, detected.side);
  return distance([followed.x, followed.y], [detected.x, detected.y]) / side;
}
