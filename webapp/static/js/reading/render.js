// Points -> the 48 x 48 drawing, bit by bit as OpenCV draws it. As preprocessing/render.py has it.

import { distance, eyeCentres, GROUPS, mean } from "./points.js";

export const SIZE = 48;
export const EYES = [0.5, 0.29]; // where the eyes' middle lands in the normalised square

const MARGIN = 1.5 / 48; // of the square's side, kept free of ink
const UNIT = 0.42; // length of the face's unit in the normalised square
const BRIDGE = 4; // the nose's first points run down its bridge, the others along its base
const FRACTION = 64; // parts of a pixel to which OpenCV is given a place

const NOSE_BASE = [GROUPS.nose[0] + BRIDGE, GROUPS.nose[1]];
// [first, end, closed]
const STROKES = [
  [...GROUPS.rightBrow, false], [...GROUPS.leftBrow, false],
  [GROUPS.nose[0], NOSE_BASE[0], false], [...NOSE_BASE, false],
  [...GROUPS.rightEye, true], [...GROUPS.leftEye, true],
  [...GROUPS.mouth, true], [...GROUPS.innerMouth, true],
];

// Bring points to a standard place, size and roll, in units of the drawing's side. `landmarks`
// are the 51 by which they are placed.
export function normalise(points, landmarks = points) {
  const [right, left] = eyeCentres(landmarks);
  const middle = mean([right, left]);
  const noseBase = mean(landmarks.slice(...NOSE_BASE));
  const unit = (distance(left, right) + 1.36 * distance(noseBase, middle)) / 2;
  const angle = Math.atan2(left[1] - right[1], left[0] - right[0]);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const offset = ([x, y]) => {
    const [across, down] = [x - middle[0], y - middle[1]].map((side) => side / Math.max(unit, 1e-6));
    return [(across * cosine + down * sine) * UNIT, (down * cosine - across * sine) * UNIT];
  };
  const excess = excessOf(landmarks.map(offset));
  return points.map((point) => (
    offset(point).map((value, axis) => Math.fround(EYES[axis] + value / excess))
  ));
}

// How often too large a face is for the margin, 1 or more.
function excessOf(offsets) {
  const ratios = offsets.flatMap((offset) => offset.map((value, axis) => {
    const room = value < 0 ? EYES[axis] - MARGIN : 1 - MARGIN - EYES[axis];
    return Math.abs(value) / room;
  }));
  return Math.max(...ratios, 1);
}

// Draw normalised points: a gray square of 0 and 255.
export function draw(normalised) {
  const places = normalised.map((point) => point.map(placeOf));
  const image = { data: new Uint8Array(SIZE * SIZE), width: SIZE, height: SIZE };
  for (const [first, end, closed] of STROKES) {
    for (let index = first + 1; index < end; index += 1) {
      line(image, places[index - 1], places[index]);
    }
    if (closed) line(image, places[end - 1], places[first]);
  }
  return image;
}

// The pixel of a coordinate: NumPy computes it in float32 and rounds it to 64ths of a pixel, half
// to even, and OpenCV rounds those.
function placeOf(value) {
  const inPixels = Math.fround(Math.fround(Math.fround(value) * SIZE) - 0.5);
  return Math.floor(roundHalfToEven(inPixels * FRACTION) / FRACTION + 0.5);
}

function roundHalfToEven(value) {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
}

// Bresenham's line from left to right, as OpenCV's LineIterator steps along it.
function line({ data }, from, to) {
  const [[x, y], [endX, endY]] = to[0] < from[0] ? [to, from] : [from, to];
  const down = endY < y ? -SIZE : SIZE;
  const [width, height] = [endX - x, Math.abs(endY - y)];
  const [long, short, along, aside] = height > width
    ? [height, width, down, 1] : [width, height, 1, down];
  let at = y * SIZE + x;
  let error = long - 2 * short;
  for (let step = 0; step <= long; step += 1) {
    data[at] = 255; // of a normalised face, every place is inside
    const turn = error < 0;
    error += (turn ? 2 * long : 0) - 2 * short;
    at += along + (turn ? aside : 0);
  }
}
