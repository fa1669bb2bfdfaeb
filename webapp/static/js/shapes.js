// The 51 points: which of them are joined, their standard place, and the palette.

// [first, end, closed], as preprocessing/render.py joins them.
export const STROKES = [
  [0, 5, false], [5, 10, false], // brows
  [10, 14, false], [14, 19, false], // nose
  [19, 25, true], [25, 31, true], // eyes
  [31, 43, true], [43, 51, true], // lips
];
const NOSE_BASE = [14, 19];
const RIGHT_EYE = [19, 25];
const LEFT_EYE = [25, 31];

// As in preprocessing/render.py: the face's unit, and where its eyes' middle lands.
const UNIT = 0.42;
const EYES = [0.5, 0.29];
const MARGIN = 1.5 / 48;

// Light enough for a dark picture; a swatch on a light ground has an outline.
const FACE_COLOURS = [
  "#56b4e9", "#f0e442", "#ff9e6d", "#7be0b5", "#e7a6d0", "#c3f06a", "#b9c2ff", "#d4b483",
];

// The median face of FER2013, in 200ths of the drawing's side.
export const MEDIAN_FACE = [
  [16, 47], [29, 36], [47, 33], [65, 35], [82, 42], [117, 42], [135, 35], [153, 32], [171, 36],
  [185, 47], [100, 64], [100, 81], [100, 99], [100, 117], [79, 129], [89, 133], [100, 136],
  [110, 133], [120, 129], [36, 66], [48, 60], [61, 60], [73, 69], [60, 71], [47, 71], [127, 69],
  [139, 60], [152, 60], [164, 66], [153, 71], [140, 71], [61, 163], [75, 155], [89, 152],
  [100, 155], [110, 152], [125, 155], [139, 163], [126, 180], [111, 189], [100, 190], [88, 189],
  [74, 180], [67, 164], [89, 161], [100, 162], [110, 161], [133, 164], [111, 174], [100, 176],
  [89, 174],
].map(([x, y]) => [x / 200, y / 200]);

export function faceColour(number) {
  return FACE_COLOURS[(number - 1) % FACE_COLOURS.length];
}

export function emotionColour(emotion) {
  const style = getComputedStyle(document.documentElement);
  return style.getPropertyValue(`--${emotion}`).trim() || style.getPropertyValue("--ink-soft");
}

export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

// The middles of the eyes: [right, left], the person's own.
export function eyeCentres(points) {
  return [middle(points, RIGHT_EYE), middle(points, LEFT_EYE)];
}

// Points in any unit -> the same shape upright in the unit square, as `render.normalise` does it.
export function normalise(points) {
  const [right, left] = eyeCentres(points);
  const centre = [(right[0] + left[0]) / 2, (right[1] + left[1]) / 2];
  const across = [left[0] - right[0], left[1] - right[1]];
  const nose = middle(points, NOSE_BASE);
  const eyesToNose = Math.hypot(nose[0] - centre[0], nose[1] - centre[1]);
  const scale = UNIT / Math.max((Math.hypot(...across) + 1.36 * eyesToNose) / 2, 1e-6);
  const angle = Math.atan2(across[1], across[0]);
  const [cosine, sine] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  return fit(points.map(([x, y]) => {
    const [dx, dy] = [x - centre[0], y - centre[1]];
    return [dx * cosine + dy * sine, dy * cosine - dx * sine];
  }));
}

// Shrink towards the eyes' place until every point is inside the margin.
function fit(offsets) {
  let excess = 1;
  for (const offset of offsets) {
    offset.forEach((value, axis) => {
      const room = value < 0 ? EYES[axis] - MARGIN : 1 - MARGIN - EYES[axis];
      excess = Math.max(excess, Math.abs(value) / room);
    });
  }
  return offsets.map(([x, y]) => [EYES[0] + x / excess, EYES[1] + y / excess]);
}

function middle(points, [first, end]) {
  const sum = [0, 0];
  for (let index = first; index < end; index += 1) {
    sum[0] += points[index][0];
    sum[1] += points[index][1];
  }
  return sum.map((value) => value / (end - first));
}

// The straight strokes that the model's drawing has, as an SVG path.
export function straightPath(points) {
  return STROKES.map(([first, end, closed]) => {
    const stroke = points.slice(first, end).map(([x, y]) => `${rounded(x)} ${rounded(y)}`);
    return `M${stroke.join("L")}${closed ? "Z" : ""}`;
  }).join("");
}

// The same strokes as smooth curves through every point (Catmull-Rom), as an SVG path.
export function smoothPath(points) {
  return STROKES.map((stroke) => smoothStroke(points, stroke)).join("");
}

function smoothStroke(points, [first, end, closed]) {
  const length = end - first;
  const at = (index) => {
    if (closed) return points[first + ((index + length) % length)];
    return points[first + Math.min(Math.max(index, 0), length - 1)];
  };
  let path = `M${rounded(at(0)[0])} ${rounded(at(0)[1])}`;
  for (let index = 0; index < (closed ? length : length - 1); index += 1) {
    const [before, from, to, after] = [at(index - 1), at(index), at(index + 1), at(index + 2)];
    const leaving = bend(from, before, to, closed && isCorner(index, length));
    const arriving = bend(to, after, from, closed && isCorner(index + 1, length));
    path += `C${[leaving, arriving, to].map((point) => point.map(rounded).join(" ")).join(" ")}`;
  }
  return closed ? `${path}Z` : path;
}

// The handle at a point of a curve that comes from `before` and goes on to `next`.
function bend(point, before, next, corner) {
  return corner ? point : point.map((value, axis) => value + (next[axis] - before[axis]) / 6);
}

// A closed stroke's corners, of eyes and lips, are its first point and the one half way round.
function isCorner(index, length) {
  return index % (length / 2) === 0;
}

function rounded(value) {
  return Math.round(1000 * value) / 1000;
}
