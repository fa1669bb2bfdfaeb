// Smoothing over time, as webapp/smoothing.py does it: one-euro for points, exponential for
// probabilities.

import { LANDMARKS } from "./mesh.js";
import { eyeDistance, mean } from "./points.js";

// The nose and the corners of the eyes: brows, eyelids and lips move with the expression.
const STILL = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 25, 28].map((index) => LANDMARKS[index]);

const MIN_CUTOFF = 0.5; // hertz, at rest
const SPEED_GAIN = 4; // hertz more for each eye distance a second: what keeps the lag short
const SPEED_CUTOFF = 2; // hertz, of the speed's own estimate
const REACTION_SECONDS = 0.08; // time constant of the probabilities
const FORGET_SECONDS = 1; // after a longer gap the past says nothing about the present

// One-euro filter (Casiez et al. 2012): smooth at rest, prompt in motion.
class OneEuro {
  // points [x, y]; seconds on any clock; unit: length that speeds are measured in; carry takes
  // past points to where they would be now without noise.
  update(points, seconds, unit, carry = (past) => past) {
    const elapsed = this.raw ? seconds - this.seconds : 0;
    if (elapsed > 0 && elapsed < FORGET_SECONDS) this.#filter(points, elapsed, unit, carry);
    else [this.smoothed, this.velocity] = [points, points.map(() => [0, 0])];
    [this.raw, this.seconds] = [points, seconds];
    return this.smoothed;
  }

  #filter(points, elapsed, unit, carry) {
    const before = carry(this.raw);
    const expected = carry(this.smoothed);
    const speedShare = share(SPEED_CUTOFF, elapsed);
    this.velocity = this.velocity.map((velocity, index) => velocity.map((value, axis) => {
      const measured = (points[index][axis] - before[index][axis]) / (elapsed * unit);
      return value + speedShare * (measured - value);
    }));
    this.smoothed = points.map((point, index) => {
      const speed = Math.hypot(...this.velocity[index]);
      const taken = share(MIN_CUTOFF + SPEED_GAIN * speed, elapsed);
      return point.map((value, axis) => (
        expected[index][axis] + taken * (value - expected[index][axis])
      ));
    });
  }
}

// Smooths a face's vertices: the head's motion, fitted to those that no expression moves, carries
// the smoothed shape along without lag, and what is left is filtered vertex by vertex. The
// place has a filter of its own.
export class VertexSmoother {
  constructor() {
    this.shape = new OneEuro();
    this.place = new OneEuro();
    this.raw = null;
  }

  update(vertices, points, seconds) {
    const unit = eyeDistance(points);
    const carry = this.raw ? headMotion(this.raw, vertices) : undefined;
    const shape = this.shape.update(vertices, seconds, unit, carry);
    const place = mean(STILL.map((index) => vertices[index]));
    const [smoothPlace] = this.place.update([place], seconds, unit);
    const shift = [smoothPlace[0] - place[0], smoothPlace[1] - place[1]];
    this.raw = vertices;
    return shape.map(([x, y]) => [x + shift[0], y + shift[1]]);
  }
}

// The similarity that takes the still vertices of one frame nearest to the next one's.
function headMotion(before, after) {
  const old = STILL.map((index) => before[index]);
  const now = STILL.map((index) => after[index]);
  const [oldCentre, newCentre] = [mean(old), mean(now)];
  let [spread, cosine, sine] = [1e-9, 0, 0];
  old.forEach(([x, y], index) => {
    const [fromX, fromY] = [x - oldCentre[0], y - oldCentre[1]];
    const [toX, toY] = [now[index][0] - newCentre[0], now[index][1] - newCentre[1]];
    spread += fromX * fromX + fromY * fromY;
    cosine += fromX * toX + fromY * toY;
    sine += fromX * toY - fromY * toX;
  });
  cosine /= spread;
  sine /= spread;
  return (points) => points.map(([x, y]) => {
    const [fromX, fromY] = [x - oldCentre[0], y - oldCentre[1]];
    return [
      cosine * fromX - sine * fromY + newCentre[0], sine * fromX + cosine * fromY + newCentre[1],
    ];
  });
}

export class ProbabilitySmoother {
  update(probabilities, seconds) {
    const elapsed = this.smoothed ? seconds - this.seconds : 0;
    if (elapsed > 0 && elapsed < FORGET_SECONDS) {
      const taken = 1 - Math.exp(-elapsed / REACTION_SECONDS);
      this.smoothed = this.smoothed.map((value, index) => (
        value + taken * (probabilities[index] - value)
      ));
    } else {
      this.smoothed = probabilities;
    }
    this.seconds = seconds;
    return this.smoothed;
  }
}

// How much of the new value a low-pass filter of `cutoff` hertz takes.
function share(cutoff, elapsed) {
  return 1 / (1 + 1 / (2 * Math.PI * cutoff * elapsed));
}
