// Faces -> probabilities, as model/recognizer.py and model/inputs.py do it.

import { landmarksOf, MIRROR as MESH_MIRROR } from "./mesh.js";
import { MIRROR } from "./points.js";
import { draw, EYES, normalise, SIZE } from "./render.js";

const UNCERTAIN = "uncertain";
const PLACEMENTS = [ // of a drawing: shift x and y in pixels, scale about the eyes
  [0, 0, 1], [0.5, 0.5, 1], [-0.5, 0.5, 0.97], [0.5, -0.5, 1.03],
];

// A face's vertices as a network sees them, and its drawing: { vertices, points, image }.
export function shapeOf(vertices) {
  return described(normalise(vertices, landmarksOf(vertices)));
}

function described(vertices) {
  const points = landmarksOf(vertices);
  return { vertices, points, image: draw(points) };
}

export class Recognizer {
  // settings: { name, inputs: names, vertices: places of those that the network sees, labels,
  // label_weights, temperature, uncertain_below, views }
  constructor(networks, settings) {
    this.networks = networks;
    this.settings = settings;
  }

  // The calibrated probabilities of a shape, a number for each label.
  async probabilities(shape) {
    const views = viewsOf(shape, this.settings.views);
    const sum = this.settings.labels.map(() => 0);
    for (const view of views) {
      const [found] = Object.values(await this.networks.run(this.settings.name, this.#inputs(view)));
      found.forEach((value, index) => { sum[index] += value / views.length; });
    }
    const { label_weights: weights, temperature } = this.settings;
    return calibrated(sum.map((value, index) => value * (weights[index] ?? 1)), temperature);
  }

  // Probabilities in words.
  reading(probabilities) {
    const { labels, uncertain_below: threshold } = this.settings;
    const confidence = Math.max(...probabilities);
    const best = labels[probabilities.indexOf(confidence)];
    return {
      emotion: confidence >= threshold ? best : UNCERTAIN,
      best,
      confidence,
      probabilities: Object.fromEntries(labels.map((label, index) => [label, probabilities[index]])),
    };
  }

  #inputs({ vertices, points, image }) {
    const known = {
      image: () => Float32Array.from(image.data, (level) => level / 255),
      points: () => Float32Array.from(points.flat()),
      vertices: () => Float32Array.from(this.settings.vertices.flatMap((place) => vertices[place])),
    };
    return Object.fromEntries(this.settings.inputs.map((name) => [name, known[name]()]));
  }
}

// The face, its mirror image, then both drawn again a fraction of a pixel elsewhere.
function viewsOf(shape, count) {
  return PLACEMENTS.slice(0, Math.ceil(count / 2)).flatMap((placement) => {
    const placed = placement === PLACEMENTS[0] ? shape : placedAt(shape, placement);
    return count > 1 ? [placed, mirrored(placed)] : [placed];
  });
}

function placedAt({ vertices }, [x, y, scale]) {
  const shift = [x / SIZE, y / SIZE];
  return described(vertices.map((vertex) => vertex.map((value, axis) => (
    Math.fround((value - EYES[axis]) * scale + EYES[axis] + shift[axis])
  ))));
}

function mirrored({ vertices, points }) {
  const flipped = (places, partners) => partners.map((index) => [
    Math.fround(1 - places[index][0]), places[index][1],
  ]);
  const mirroredPoints = flipped(points, MIRROR);
  return {
    vertices: flipped(vertices, MESH_MIRROR), points: mirroredPoints, image: draw(mirroredPoints),
  };
}

// Temperature scaling.
function calibrated(probabilities, temperature) {
  const powered = Array.from(probabilities, (value) => (
    Math.min(Math.max(value, 1e-8), 1) ** (1 / temperature)
  ));
  const sum = powered.reduce((total, value) => total + value, 0);
  return powered.map((value) => value / sum);
}
