// A face's points: MediaPipe's Face Mesh V2, 478 vertices. As preprocessing/mesh.py has it.

import { toPicture, transformed, uprightCrop } from "./points.js";

export const FILE = "face_landmarks_detector.tflite";

// dlib's 51 landmarks among the vertices, in dlib's order.
export const LANDMARKS = [
  70, 63, 105, 66, 107, 336, 296, 334, 293, 300, // brows
  168, 197, 5, 4, // bridge of the nose
  75, 97, 2, 326, 305, // base of the nose
  33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380, // eyes
  61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, // outer lips
  78, 82, 13, 312, 308, 317, 14, 87, // inner lips
];

const COUNT = 478;
const CROP = 256; // pixels a side that the network takes
const BOX = 171; // of them the frame's side fills
const FIRST_LEFT = 248;
const IRISES = 468;
const MIDDLE = new Set([
  0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164, 168, 175, 195,
  197, 199, 200,
]);

// Vertex i of a mirrored face is vertex MIRROR[i] of the face. They are numbered along the
// person's right half and its middle, then, in the same order, along the left half; the irises
// follow.
export const MIRROR = mirror();

function mirror() {
  const partners = Array.from({ length: COUNT }, (_, index) => index);
  let left = FIRST_LEFT;
  for (let right = 0; right < FIRST_LEFT; right += 1) {
    if (MIDDLE.has(right)) continue;
    [partners[right], partners[left]] = [left, right];
    left += 1;
  }
  partners.splice(IRISES, 10, 473, 476, 475, 474, 477, 468, 471, 470, 469, 472);
  return partners;
}

export function landmarksOf(vertices) {
  return LANDMARKS.map((index) => vertices[index]);
}

// Look for a face in a frame: { vertices in pixels of the picture, presence: a logit of there
// being a face }.
export async function meshPoints(networks, gray, frame) {
  const { data } = uprightCrop(gray, frame, CROP, BOX);
  const input = new Float32Array(3 * data.length);
  for (let index = 0; index < data.length; index += 1) {
    input.fill(data[index] / 255, 3 * index, 3 * index + 3);
  }
  const { Identity: values, Identity_1: presence } = await networks.run(FILE, { input });
  const transform = toPicture(frame, CROP, BOX);
  const vertices = Array.from({ length: COUNT }, (_, index) => (
    transformed([values[3 * index], values[3 * index + 1]], transform)
  ));
  return { vertices, presence: presence[0] };
}
