// Find faces with BlazeFace, as preprocessing/faces.py does: the full range looks at the picture,
// the short range closely at each face; a picture that is no more than a face gets the short one.

import { cut, resize } from "./images.js";

const SHORT = {
  file: "face_detection_short_range.tflite",
  size: 128,
  regressors: "regressors",
  scores: "classificators",
  grids: [[16, 2], [8, 6]], // [cells a side, anchors a cell]
};
const FULL = {
  file: "face_detection_full_range.tflite",
  size: 192,
  regressors: "reshaped_regressor_face_4",
  scores: "reshaped_classifier_face_4",
  grids: [[48, 1]],
};
export const FILES = [SHORT.file, FULL.file];

const SMALL_SIDE = 128; // below it a picture is a face crop: BlazeFace needs room around the face
const BORDER = 1 / 6;
const OVERLAP = 0.3;
const CLOSER = 2; // sides of the box that the closer look takes in
const CLOSER_SCORE = 0.3;

export function isFaceCrop({ width, height }) {
  return Math.max(width, height) < SMALL_SIDE;
}

export function wholeImage({ width, height }) {
  return { xMin: 0, yMin: 0, xMax: width, yMax: height, score: 0, source: "whole image" };
}

// The faces of a picture, best first: { xMin, yMin, xMax, yMax, score, source, keypoints } in
// pixels of the picture; the six keypoints are eyes (the person's right one first), nose, mouth,
// ears.
export async function detect(networks, gray, minScore) {
  if (isFaceCrop(gray)) return look(networks, SHORT, gray, minScore);
  const boxes = [];
  for (const box of await look(networks, FULL, gray, minScore)) {
    boxes.push(await refined(networks, gray, box));
  }
  return boxes;
}

async function look(networks, model, gray, minScore) {
  const { input, toPicture } = fitted(gray, model.size);
  const found = await networks.run(model.file, { input });
  const [values, logits] = [found[model.regressors], found[model.scores]];
  const least = Math.log(minScore / (1 - minScore));
  const candidates = [];
  anchors(model).forEach((anchor, index) => {
    if (logits[index] > least) {
      const offsets = values.subarray(16 * index, 16 * index + 16);
      const places = placesOf(offsets, anchor, model.size).map(toPicture);
      candidates.push({ places, score: 1 / (1 + Math.exp(-logits[index])) });
    }
  });
  return merged(candidates);
}

// A picture as the network's input, and the function from the input's pixels to the picture's.
function fitted(gray, size) {
  const longer = Math.max(gray.width, gray.height);
  const border = isFaceCrop(gray) ? Math.round(BORDER * longer) : 0;
  const side = longer + 2 * border;
  const scale = size / side;
  const width = Math.max(1, Math.round(gray.width * scale));
  const height = Math.max(1, Math.round(gray.height * scale));
  const left = Math.round(Math.floor((side - gray.width) / 2) * scale);
  const top = Math.round(Math.floor((side - gray.height) / 2) * scale);
  const small = resize(gray, width, height);
  const input = new Float32Array(3 * size * size);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const level = levelAt(small, x - left, y - top, border > 0);
      input.fill(level / 127.5 - 1, 3 * (y * size + x), 3 * (y * size + x) + 3);
    }
  }
  const toPicture = ([x, y]) => [
    (x - left) * (gray.width / width), (y - top) * (gray.height / height),
  ];
  return { input, toPicture };
}

// Around the picture there is black, or the edge goes on.
function levelAt({ data, width, height }, x, y, edgeGoesOn) {
  const isInside = x >= 0 && x < width && y >= 0 && y < height;
  if (!isInside && !edgeGoesOn) return 0;
  const [column, row] = [[x, width], [y, height]].map(([place, length]) => (
    Math.min(Math.max(place, 0), length - 1)
  ));
  return data[row * width + column];
}

const anchorsOf = new Map();

// The centres that a model's offsets start from, in units of its input's side.
function anchors({ file, grids }) {
  if (!anchorsOf.has(file)) {
    anchorsOf.set(file, grids.flatMap(([cells, repeats]) => (
      Array.from({ length: cells * cells * repeats }, (_, index) => {
        const cell = Math.floor(index / repeats);
        return [((cell % cells) + 0.5) / cells, (Math.floor(cell / cells) + 0.5) / cells];
      })
    )));
  }
  return anchorsOf.get(file);
}

// [upper left corner, lower right corner, six keypoints] in pixels of the input.
function placesOf(offsets, anchor, size) {
  const place = (index) => [0, 1].map((axis) => offsets[2 * index + axis] + anchor[axis] * size);
  const centre = place(0);
  const half = [offsets[2] / 2, offsets[3] / 2];
  const corners = [-1, 1].map((sign) => centre.map((value, axis) => value + sign * half[axis]));
  return [...corners, ...[2, 3, 4, 5, 6, 7].map(place)];
}

// One box for each face: overlapping ones are averaged by their scores, which is BlazeFace's own
// blending.
function merged(candidates) {
  let left = [...candidates].sort((first, second) => second.score - first.score);
  const boxes = [];
  while (left.length) {
    const [best] = left;
    const together = left.filter(({ places }) => overlap(best.places, places) > OVERLAP);
    left = left.filter((candidate) => candidate !== best && !together.includes(candidate));
    boxes.push(boxOf(averaged(together), best.score));
  }
  return boxes;
}

function averaged(candidates) {
  const total = candidates.reduce((sum, { score }) => sum + score, 0);
  return candidates[0].places.map((_, index) => [0, 1].map((axis) => (
    candidates.reduce((sum, { places, score }) => sum + score * places[index][axis], 0) / total
  )));
}

function boxOf([[xMin, yMin], [xMax, yMax], ...keypoints], score) {
  return { xMin, yMin, xMax, yMax, score, source: "detected", keypoints };
}

// Intersection over union of two boxes, each given by its corners.
function overlap([lower, upper], [otherLower, otherUpper]) {
  const area = ([left, top], [right, bottom]) => (
    Math.max(right - left, 0) * Math.max(bottom - top, 0)
  );
  const shared = area(
    lower.map((value, axis) => Math.max(value, otherLower[axis])),
    upper.map((value, axis) => Math.min(value, otherUpper[axis])),
  );
  const both = area(lower, upper) + area(otherLower, otherUpper);
  return shared / Math.max(both - shared, 1e-9);
}

// The box with the short range's edges and keypoints, where it sees the face too.
async function refined(networks, gray, box) {
  const side = CLOSER * Math.max(box.xMax - box.xMin, box.yMax - box.yMin);
  const left = Math.max(0, Math.round((box.xMin + box.xMax - side) / 2));
  const top = Math.max(0, Math.round((box.yMin + box.yMax - side) / 2));
  const width = Math.min(Math.round(side), gray.width - left);
  const height = Math.min(Math.round(side), gray.height - top);
  if (width <= 0 || height <= 0) return box;
  const around = await look(networks, SHORT, cut(gray, left, top, width, height), CLOSER_SCORE);
  const close = around.map((found) => moved(found, left, top))
    .filter((found) => overlap(corners(box), corners(found)) > OVERLAP);
  if (!close.length) return box;
  const best = close.reduce((first, second) => (second.score > first.score ? second : first));
  return { ...best, score: box.score };
}

function corners({ xMin, yMin, xMax, yMax }) {
  return [[xMin, yMin], [xMax, yMax]];
}

function moved(box, x, y) {
  return {
    ...box,
    xMin: box.xMin + x,
    yMin: box.yMin + y,
    xMax: box.xMax + x,
    yMax: box.yMax + y,
    keypoints: box.keypoints.map((place) => [place[0] + x, place[1] + y]),
  };
}
