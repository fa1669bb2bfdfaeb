// A gray picture -> its faces, as preprocessing/pipeline.py makes them where the mesh is the
// landmarker.
//
// A face is { box, vertices (478), points (51), presence, quality } in pixels of the picture.

import { detect, isFaceCrop, wholeImage } from "./faces.js";
import { landmarksOf, meshPoints } from "./mesh.js";
import { distance, eyeDistance, frameOf, frameOfPoints, median } from "./points.js";

const SPREAD_OF_NOTHING = 0.2; // looks that differ by this much of the eye distance
const PRESENCE_SCALE = 4; // of the presence's logit

// Every face of a picture, best first; a picture so small that it is a face has always one.
export async function facesOf(networks, gray, { minScore, cropMinScore }) {
  const found = await detect(networks, gray, minScore);
  if (!isFaceCrop(gray)) return faces(networks, gray, found);
  if (found.length) return faces(networks, gray, [found.reduce(larger)]);
  const [best = wholeImage(gray)] = await detect(networks, gray, cropMinScore);
  return faces(networks, gray, [best]);
}

async function faces(networks, gray, boxes) {
  const list = [];
  for (const box of boxes) list.push(await faceOf(networks, gray, box));
  return list;
}

// The face of a box: a first look finds its points, a second one from there is taken.
export async function faceOf(networks, gray, box) {
  const first = await meshPoints(networks, gray, frameOf(box));
  return { ...await faceAt(networks, gray, landmarksOf(first.vertices)), box };
}

// The face whose points are about there: those of the frame before, or of a first look.
export async function faceAt(networks, gray, before) {
  const { vertices, presence } = await meshPoints(networks, gray, frameOfPoints(before));
  const points = landmarksOf(vertices);
  const quality = Math.min(agreement(before, points), trust(presence));
  return { vertices, points, presence, quality };
}

function agreement(before, points) {
  const apart = median(points.map((point, index) => distance(point, before[index])));
  return Math.min(Math.max(1 - apart / eyeDistance(points) / SPREAD_OF_NOTHING, 0), 1);
}

function trust(presence) {
  return 1 / (1 + Math.exp(-presence / PRESENCE_SCALE));
}

function larger(first, second) {
  return area(second) > area(first) ? second : first;
}

function area({ xMin, yMin, xMax, yMax }) {
  return (xMax - xMin) * (yMax - yMin);
}
