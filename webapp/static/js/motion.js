// Moving what is drawn to its newest place, and drawing only where something has changed.

const FOLLOW_MS = 45; // time constant with which a drawn face moves to its newest place

// Points on their way: [[x, y], ...] nearer to their target, the target itself once they are within
// `enough` of it, so that what has arrived stays one and the same object.
export function glide(points, target, elapsed, enough, followMs = FOLLOW_MS) {
  if (points === target) return target;
  const share = 1 - Math.exp(-elapsed / followMs);
  let furthest = 0;
  const moved = points.map((point, index) => point.map((value, axis) => {
    const way = target[index][axis] - value;
    furthest = Math.max(furthest, Math.abs(way));
    return value + share * way;
  }));
  return furthest < enough ? target : moved;
}

// Tells whether a list of values differs from the one that it was last asked about.
export class Changes {
  constructor() {
    this.before = [];
  }

  in(values) {
    const { before } = this;
    this.before = values;
    return values.length !== before.length || values.some((value, at) => value !== before[at]);
  }
}
