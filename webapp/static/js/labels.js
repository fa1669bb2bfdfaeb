// Where labels go: inside the picture, off every pair of eyes, off each other. Pure.

export const GAP = 8; // pixels between a label and what it is kept from
const STEP = 16; // pixels between the places tried when none around the face is free

// faces: [{ box, eyes, size: [width, height], before }]; rectangles are [left, top, right, bottom];
// before: the index of the place it had, which it keeps while it can.
// Returns [{ x, y, place }]; obstacles are other rectangles that labels stay off.
export function placeLabels(faces, [width, height], obstacles = []) {
  const eyes = faces.map((face) => face.eyes);
  const taken = [...eyes, ...obstacles];
  return faces.map((face) => {
    const area = [width, height];
    const chosen = firstFree(around(face, area), face, taken) ?? anywhere(face, area, taken);
    taken.push(rectangle(chosen, face.size));
    return chosen;
  });
}

function firstFree(places, { size, before }, taken) {
  const free = ({ x, y }) => !taken.some((other) => overlap(rectangle({ x, y }, size), other));
  const kept = places[before];
  return kept && free(kept) ? kept : places.find(free);
}

// Above, below, right and left of the face, each pushed into the picture.
function around({ box: [left, top, right, bottom], size: [width, height] }, area) {
  const above = top - height - GAP;
  const below = bottom + GAP;
  const places = [
    [left, above], [right - width, above], [left, below], [right - width, below],
    [right + GAP, top], [left - width - GAP, top],
    [right + GAP, bottom - height], [left - width - GAP, bottom - height],
  ];
  return places.map(([x, y], place) => ({ ...inside(x, y, [width, height], area), place }));
}

// The free place nearest to the face; where the picture is full, above it.
function anywhere(face, area, taken) {
  const places = [];
  for (let y = GAP; y + face.size[1] < area[1]; y += STEP) {
    for (let x = GAP; x + face.size[0] < area[0]; x += STEP) places.push({ x, y, place: null });
  }
  const [left, top] = face.box;
  const distance = ({ x, y }) => Math.hypot(x - left, y + face.size[1] - top);
  places.sort((first, second) => distance(first) - distance(second));
  return firstFree(places, { ...face, before: null }, taken) ?? around(face, area)[0];
}

function inside(x, y, [width, height], area) {
  const clamp = (value, length, whole) => Math.max(GAP, Math.min(value, whole - length - GAP));
  return { x: clamp(x, width, area[0]), y: clamp(y, height, area[1]) };
}

function rectangle({ x, y }, [width, height]) {
  return [x, y, x + width, y + height];
}

function overlap(one, other) {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}
