// Pictures and frames -> results, as the server gives them (see ../source.js).

import { dataUrl } from "./images.js";
import { facesOf } from "./pipeline.js";
import { frameOfPoints } from "./points.js";
import { Recognizer, shapeOf } from "./recognizer.js";
import { Tracker } from "./tracking.js";

const MAX_PHOTO_FACES = 100;
const BOX_TO_SIDE = 1 / (2.2 * 0.43); // the width of a box for which `frameOf` finds the side

export class Reader {
  // pipeline: { minScore, cropMinScore }; models: see `Recognizer`.
  constructor(networks, { pipeline, models }) {
    this.networks = networks;
    this.pipeline = pipeline;
    this.recognizers = new Map(models.map((settings) => [
      settings.name, new Recognizer(networks, settings),
    ]));
    this.restart();
  }

  // Forget the faces: those of the next frame are counted from 1.
  restart() {
    this.tracker = new Tracker(this.networks, this.pipeline);
  }

  // The faces of the next live frame, a gray picture.
  async frame(gray, seconds, { models, smoothing }) {
    const watch = new Stopwatch();
    const seen = await this.tracker.update(gray, seconds, {
      smooth: smoothing, watch: (stage, work) => watch.time(stage, work),
    });
    const faces = [];
    for (const { track, vertices, points } of seen) {
      const { shape, rows } = await this.#read(vertices, models, watch);
      const smoothed = rows.map(([name, row]) => [
        name, smoothing ? track.smoothProbabilities(name, row, seconds) : row,
      ]);
      const face = { quality: track.face.quality, points };
      faces.push({ number: track.number, ...this.#values(face, shape, smoothed) });
    }
    return resultOf(gray, faces, watch);
  }

  // Every face of a photo, a gray picture.
  async photo(gray, { models }) {
    const watch = new Stopwatch();
    const found = await watch.time("faces", () => facesOf(this.networks, gray, this.pipeline));
    const faces = [];
    for (const face of found.slice(0, MAX_PHOTO_FACES)) {
      const { shape, rows } = await this.#read(face.vertices, models, watch);
      faces.push(this.#values(face, shape, rows));
    }
    return resultOf(gray, faces, watch);
  }

  // The shape of a face, and [model, probabilities] of each model.
  async #read(vertices, models, watch) {
    const shape = await watch.time("draw", () => shapeOf(vertices));
    const rows = [];
    for (const name of models) {
      const recognizer = this.recognizers.get(name);
      rows.push([name, await watch.time("classify", () => recognizer.probabilities(shape))]);
    }
    return { shape, rows };
  }

  #values({ box, points, quality }, shape, rows) {
    return {
      box: edgesOf(box, points),
      source: box?.source ?? "detected",
      quality,
      points,
      drawing: dataUrl(shape.image),
      readings: Object.fromEntries(rows.map(([name, row]) => [
        name, this.recognizers.get(name).reading(row),
      ])),
    };
  }
}

// The edges of a face's box: a photo's as detected, a live face's around its points.
function edgesOf(box, points) {
  if (box) return [box.xMin, box.yMin, box.xMax, box.yMax];
  const { x, y, side } = frameOfPoints(points);
  const half = side * BOX_TO_SIDE / 2;
  return [x - half, y - half, x + half, y + half];
}

function resultOf({ width, height }, faces, watch) {
  return { width, height, faces, milliseconds: watch.milliseconds };
}

class Stopwatch {
  constructor() {
    this.startedAt = performance.now();
    this.stages = {};
  }

  async time(stage, work) {
    const start = performance.now();
    const result = await work();
    this.stages[stage] = (this.stages[stage] ?? 0) + performance.now() - start;
    return result;
  }

  get milliseconds() {
    const rounded = Object.entries(this.stages).map(([stage, value]) => [
      stage, Math.round(10 * value) / 10,
    ]);
    const total = Math.round(10 * (performance.now() - this.startedAt)) / 10;
    return { ...Object.fromEntries(rounded), total };
  }
}
