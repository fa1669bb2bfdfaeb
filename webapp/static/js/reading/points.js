// The 51 points of a face, [x, y] each, y downwards: their groups, their mirror image, and the
// upright frame around them. As preprocessing/points.py and landmarks.py have them.

import { resizeArea, warp } from "./images.js";

// [first, end) of each group; right and left are the person's own.
export const GROUPS = {
  rightBrow: [0, 5],
  leftBrow: [5, 10],
  nose: [10, 19],
  rightEye: [19, 25],
  leftEye: [25, 31],
  mouth: [31, 43],
  innerMouth: [43, 51],
};

// Point i of a mirrored face is point MIRROR[i] of the face.
export const MIRROR = [
  9, 8, 7, 6, 5, 4, 3, 2, 1, 0, // brows
  10, 11, 12, 13, // bridge of the nose
  18, 17, 16, 15, 14, // base of the nose
  28, 27, 26, 25, 30, 29, 22, 21, 20, 19, 24, 23, // eyes
  37, 36, 35, 34, 33, 32, 31, 42, 41, 40, 39, 38, // outer lips
  47, 46, 45, 44, 43, 50, 49, 48, // inner lips
];

const WHOLE_IMAGE_SHARE = 0.82; // of a face crop's side that its face takes
const MUCH_ENLARGED = 0.5; // pixels of the picture in one of the crop

export function mean(points) {
  const sum = points.reduce(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

export function distance([x, y], [otherX, otherY]) {
  return Math.hypot(x - otherX, y - otherY);
}

export function median(values) {
  const sorted = [...values].sort((first, second) => first - second);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// [right, left]
export function eyeCentres(points) {
  return [mean(points.slice(...GROUPS.rightEye)), mean(points.slice(...GROUPS.leftEye))];
}

export function eyeDistance(points) {
  return Math.max(distance(...eyeCentres(points)), 1e-6);
}

// Where to look for a face, from points found before: { x, y, side, roll }.
export function frameOfPoints(points) {
  const [right, left] = eyeCentres(points);
  return frameAround(right, left, mean(points.slice(...GROUPS.mouth)), null);
}

// Where to look for the face of a detected box.
export function frameOf(box) {
  if (!box.keypoints) {
    const share = box.source === "whole image" ? WHOLE_IMAGE_SHARE : 1;
    const side = share * Math.max(box.xMax - box.xMin, box.yMax - box.yMin);
    return { x: (box.xMin + box.xMax - 1) / 2, y: (box.yMin + box.yMax - 1) / 2, side, roll: 0 };
  }
  const [right, left, , mouth] = box.keypoints;
  return frameAround(right, left, mouth, box.xMax - box.xMin);
}

function frameAround(right, left, mouth, boxWidth) {
  const eyes = mean([right, left]);
  const lengths = [distance(left, right), distance(mouth, eyes)];
  if (boxWidth !== null) lengths.push(0.43 * boxWidth);
  const length = lengths.reduce((sum, value) => sum + value, 0) / lengths.length;
  return {
    x: eyes[0] + 0.38 * (mouth[0] - eyes[0]),
    y: eyes[1] + 0.38 * (mouth[1] - eyes[1]),
    side: Math.max(2.2 * length, 1),
    roll: Math.atan2(left[1] - right[1], left[0] - right[0]),
  };
}

// The transform from pixels of the upright crop, `box` of which are the frame's side, to the
// picture's.
export function toPicture({ x, y, side, roll }, crop, box) {
  const scale = side / box;
  const [cosine, sine] = [scale * Math.cos(roll), scale * Math.sin(roll)];
  const middle = (crop - 1) / 2;
  return [
    [cosine, -sine, x - (cosine - sine) * middle],
    [sine, cosine, y - (sine + cosine) * middle],
  ];
}

export function transformed([x, y], [[a, b, c], [d, e, f]]) {
  return [a * x + b * y + c, d * x + e * y + f];
}

// The face of a frame upright and in one size: a gray square.
export function uprightCrop(gray, frame, crop, box) {
  const scale = frame.side / box;
  const transform = toPicture(frame, crop, box);
  if (scale <= 2) return warp(gray, transform, crop, { cubic: scale < MUCH_ENLARGED });
  // Average first: warping alone would skip pixels.
  const [width, height] = [gray.width, gray.height].map((side) => Math.round(side / scale));
  const small = resizeArea(gray, width, height, scale, scale);
  const shrink = [width / gray.width, height / gray.height];
  const onSmall = transform.map(([a, b, c], row) => [
    a * shrink[row], b * shrink[row], (c + 0.5) * shrink[row] - 0.5,
  ]);
  return warp(small, onSmall, crop);
}
