// What is said of a face: the held label, and whether it is sure enough to be said.

const MEAN_MS = 400; // over which the label's probability is averaged
const SLACK = 0.08; // below the threshold, within which what was said stays said
const HOLD_MS = 500; // the least time between "happy" and "leaning happy"

// One face as one model reads it. The label itself is held by whoever read it (`reading.label`);
// here only "says" and "leans" are kept from flickering at the threshold.
export class Verdict {
  constructor() {
    this.label = null;
  }

  // reading -> { label, confidence, mean, certain }; confidence is of this moment, as the bars show
  // it, mean of the last ones, as the held label is.
  update(reading, threshold, now = performance.now()) {
    const label = reading.label ?? reading.best;
    const confidence = reading.probabilities[label];
    if (label === this.label) {
      const share = 1 - Math.exp(-(now - this.seenAt) / MEAN_MS);
      this.mean += share * (confidence - this.mean);
      const moved = threshold !== this.threshold;
      const edge = this.certain && !moved ? threshold - SLACK : threshold;
      if (moved || now - this.changedAt >= HOLD_MS) this.#decide(this.mean >= edge, now);
    } else {
      this.label = label;
      this.mean = confidence;
      this.#decide(confidence >= threshold, now);
    }
    this.threshold = threshold;
    this.seenAt = now;
    return { label, confidence, mean: this.mean, certain: this.certain };
  }

  #decide(certain, now) {
    if (certain !== this.certain) this.changedAt = now;
    this.certain = certain;
    this.changedAt ??= now;
  }
}

// The verdicts on faces: { label, confidence, mean, certain, name, model, threshold }.
export class Verdicts {
  // thresholdOf(described): the probability from which a model's label is said.
  constructor(thresholdOf) {
    this.thresholdOf = thresholdOf;
    this.clear();
  }

  clear() {
    this.steady = new Map(); // by face and model
  }

  // A steady one for each described model that read a followed face.
  of(face, chosen) {
    return chosen.map((described) => {
      const key = `${face.number} ${described.model.name}`;
      if (!this.steady.has(key)) this.steady.set(key, new Verdict());
      return this.#said(face, described, this.steady.get(key));
    });
  }

  // One for each described model that read a photo's face.
  ofPhoto(face, chosen) {
    return chosen.map((described) => this.#said(face, described, new Verdict()));
  }

  #said(face, described, verdict) {
    const { name: model } = described.model;
    const threshold = this.thresholdOf(described);
    const said = { ...verdict.update(face.readings[model], threshold), model, threshold };
    said.name = described.name;
    return face.readable === false ? unreadable(said) : said;
  }
}

// What is said of a face whose points are plainly wrong.
function unreadable(verdict) {
  return { ...verdict, certain: false, unreadable: true };
}

// "happy", "leaning happy", or "cannot be read".
export function inWords({ label, certain, unreadable: cannot }) {
  if (cannot) return "cannot be read";
  return certain ? label : `leaning ${label}`;
}

// The same as the files have it.
export function emotionOf({ label, certain, unreadable: cannot }) {
  if (cannot) return "unreadable";
  return certain ? label : "uncertain";
}

export function disagree(verdicts) {
  const [first] = verdicts;
  return !first.unreadable && verdicts.some(({ label }) => label !== first.label);
}
