// The 51 points: which of them are joined, and the palette of faces and labels.

// [first, end, closed], as preprocessing/render.py joins them.
export const STROKES = [
  [0, 5, false], [5, 10, false], // brows
  [10, 14, false], [14, 19, false], // nose
  [19, 25, true], [25, 31, true], // eyes
  [31, 43, true], [43, 51, true], // lips
];

const FACE_COLOURS = [
  "#56b4e9", "#f0e442", "#ff9e6d", "#7be0b5", "#e7a6d0", "#ffffff", "#b9c2ff", "#d4b483",
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
];

export function faceColour(number) {
  return FACE_COLOURS[(number - 1) % FACE_COLOURS.length];
}

export function emotionColour(emotion) {
  const style = getComputedStyle(document.documentElement);
  return style.getPropertyValue(`--${emotion}`).trim() || style.getPropertyValue("--uncertain");
}

export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

// Add every stroke of a face to the context's path.
export function traceFace(context, points) {
  context.beginPath();
  for (const [first, end, closed] of STROKES) {
    context.moveTo(...points[first]);
    for (let index = first + 1; index < end; index += 1) context.lineTo(...points[index]);
    if (closed) context.closePath();
  }
}
