// Something to try without a camera: two portraits in the public domain, and what is made of them.

import { button, make } from "./panels.js";

const FOLDER = new URL("../samples", import.meta.url).pathname;

export const SAMPLES = [
  { name: "Eileen Collins", kind: "still", address: `${FOLDER}/collins.webp` },
  { name: "Grace Hopper", kind: "still", address: `${FOLDER}/hopper.webp` },
  { name: "Two people", kind: "still", address: `${FOLDER}/pair.webp` },
  // Grace Hopper's portrait, its points moved; the poster is the portrait itself.
  {
    name: "A short clip", kind: "film", address: `${FOLDER}/clip.mp4`,
    poster: `${FOLDER}/hopper.webp`,
  },
];

export function showSamples(list, onChoose) {
  list.replaceChildren(...SAMPLES.map((sample) => {
    const node = button("", () => onChoose(sample), { className: `sample ${sample.kind}` });
    const picture = make("img", {
      src: sample.poster ?? sample.address, alt: "", width: 120, height: 90, decoding: "async",
    });
    node.append(picture, make("span", {}, sample.name));
    return node;
  }));
}
