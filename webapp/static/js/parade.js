// What the drawing shows while nobody is there: what the faces that people gave one label have in
// common, one label after the other.

import { make } from "./panels.js";
import { glide } from "./motion.js";
import { MEDIAN_FACE } from "./shapes.js";

const TURN_MS = 3200; // that each label is shown for
const GLIDE_MS = 260;
const ARRIVED = 0.0005; // of the drawing's side
const COLOUR = "#9aa5b1";

// For each label the median of FER2013's training faces, twice as far from the median of them all,
// in 200ths of the drawing's side.
export const COMMON = [
  {
    label: "neutral", count: 4965, points: [
      [22, 37], [32, 28], [46, 25], [63, 27], [81, 32], [118, 32], [137, 27], [153, 25],
      [167, 28], [178, 37], [100, 55], [100, 74], [100, 91], [100, 104], [83, 117], [90, 120],
      [100, 121], [110, 120], [117, 117], [41, 58], [50, 52], [63, 52], [76, 60], [64, 63],
      [51, 63], [124, 60], [137, 52], [150, 52], [159, 58], [149, 63], [136, 63], [68, 151],
      [81, 144], [91, 140], [100, 142], [109, 140], [119, 144], [132, 151], [119, 159],
      [109, 162], [100, 162], [91, 162], [81, 159], [73, 151], [92, 151], [100, 151], [108, 150],
      [128, 151], [108, 148], [100, 149], [92, 148],
    ],
  },
  {
    label: "happy", count: 7215, points: [
      [20, 39], [31, 30], [45, 27], [61, 28], [79, 34], [120, 34], [138, 28], [155, 26],
      [169, 30], [180, 39], [100, 56], [99, 74], [99, 92], [99, 106], [79, 114], [88, 118],
      [100, 121], [112, 118], [121, 114], [39, 58], [50, 53], [62, 53], [75, 61], [63, 61],
      [50, 61], [125, 61], [138, 53], [150, 53], [161, 58], [150, 61], [137, 62], [50, 135],
      [70, 131], [86, 131], [100, 133], [114, 131], [131, 131], [152, 135], [132, 163],
      [115, 171], [100, 173], [85, 171], [69, 162], [54, 137], [87, 137], [100, 139], [113, 137],
      [147, 137], [114, 160], [100, 162], [86, 160],
    ],
  },
  {
    label: "surprise", count: 3171, points: [
      [24, 34], [32, 22], [46, 16], [62, 17], [80, 23], [119, 23], [137, 17], [154, 16],
      [167, 22], [176, 34], [100, 52], [100, 70], [100, 85], [100, 97], [86, 114], [91, 117],
      [100, 118], [108, 117], [115, 114], [40, 58], [49, 48], [64, 48], [77, 62], [64, 66],
      [49, 66], [124, 62], [136, 48], [151, 48], [160, 58], [151, 66], [136, 66], [73, 163],
      [81, 145], [92, 139], [100, 140], [108, 139], [119, 145], [127, 164], [121, 188],
      [111, 196], [101, 198], [90, 196], [80, 188], [78, 163], [93, 149], [100, 149], [107, 149],
      [122, 164], [108, 183], [101, 184], [93, 182],
    ],
  },
  {
    label: "sad", count: 4830, points: [
      [24, 36], [35, 29], [48, 27], [64, 29], [82, 34], [117, 34], [135, 29], [151, 27],
      [165, 30], [176, 37], [99, 55], [99, 75], [99, 93], [99, 107], [83, 118], [90, 122],
      [100, 123], [109, 122], [117, 118], [42, 57], [52, 54], [64, 54], [76, 59], [65, 62],
      [53, 62], [124, 59], [135, 54], [148, 54], [159, 57], [147, 62], [135, 62], [69, 151],
      [82, 144], [91, 141], [100, 143], [109, 141], [118, 144], [131, 151], [119, 159],
      [109, 161], [100, 162], [91, 162], [82, 159], [73, 151], [92, 150], [100, 151], [108, 150],
      [127, 151], [108, 150], [100, 150], [92, 149],
    ],
  },
  {
    label: "angry", count: 3995, points: [
      [24, 41], [35, 34], [48, 33], [65, 36], [82, 41], [116, 41], [134, 36], [151, 32],
      [166, 34], [177, 41], [99, 57], [99, 75], [99, 93], [99, 106], [81, 116], [89, 120],
      [99, 122], [110, 120], [118, 116], [42, 58], [52, 53], [64, 53], [76, 60], [65, 62],
      [53, 62], [124, 60], [136, 53], [148, 53], [158, 58], [147, 62], [135, 62], [68, 153],
      [79, 142], [89, 138], [100, 140], [110, 138], [121, 142], [132, 154], [123, 168],
      [112, 173], [100, 174], [89, 172], [79, 168], [72, 153], [91, 147], [100, 147], [109, 147],
      [129, 154], [110, 160], [100, 161], [91, 160],
    ],
  },
  {
    label: "fear", count: 4097, points: [
      [25, 38], [35, 29], [48, 25], [63, 27], [81, 32], [118, 32], [135, 27], [151, 25],
      [165, 29], [175, 37], [100, 55], [100, 74], [100, 91], [100, 105], [83, 117], [90, 120],
      [100, 122], [110, 120], [117, 117], [42, 58], [52, 51], [64, 51], [76, 60], [65, 63],
      [52, 63], [124, 60], [135, 51], [148, 52], [159, 58], [148, 63], [135, 63], [67, 154],
      [80, 143], [90, 140], [100, 142], [109, 140], [120, 143], [133, 154], [122, 167],
      [111, 170], [100, 171], [90, 170], [79, 166], [72, 154], [91, 149], [100, 149], [108, 149],
      [129, 154], [109, 158], [100, 158], [91, 157],
    ],
  },
].map(({ label, count, points }) => (
  { label, count, points: points.map(([x, y]) => [x / 200, y / 200]) }
));

export class Parade {
  // onCaption(nodes): what the drawing shows, to be written beside it; null for nothing.
  constructor(drawing, onCaption) {
    this.drawing = drawing;
    this.onCaption = onCaption;
    this.shown = null;
    this.points = MEDIAN_FACE;
    this.isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  // Go on; elapsed: milliseconds since the last step.
  step(now, elapsed) {
    const turn = this.isStill ? 0 : Math.floor(now / TURN_MS);
    const common = COMMON[turn % COMMON.length];
    if (common !== this.shown) this.#caption(common);
    this.points = this.isStill
      ? common.points : glide(this.points, common.points, elapsed, ARRIVED, GLIDE_MS);
    this.drawing.asleep = { points: this.points, colour: COLOUR };
  }

  end() {
    if (!this.shown) return;
    this.shown = null;
    this.drawing.asleep = null;
    this.onCaption(null);
  }

  #caption(common) {
    this.shown = common;
    const more = (text) => make("span", { className: "more" }, text);
    const count = common.count.toLocaleString("en");
    const label = `“${common.label}”`;
    this.onCaption([more(`What ${count} faces labelled `), label, more(" share, doubled")]);
    const { canvas } = this.drawing;
    canvas.setAttribute("aria-label", `No face yet: what faces labelled ${label} share.`);
  }
}
