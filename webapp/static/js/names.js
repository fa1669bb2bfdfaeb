// Plain names for the released models. The API keeps the raw ones.

const KINDS = {
  landmark: {
    name: "Shape",
    line: "Sees where the drawing's 51 points are, and 151 more, nothing of the picture.",
    from: "geometry",
  },
  landmark_mesh: {
    name: "Shape",
    line: "Sees where 151 points of the face mesh are, nothing of the picture.",
    from: "geometry",
  },
  pixel: {
    name: "Pixels", line: "Sees the gray crop of the face, not the drawing.", from: "gray pixels",
  },
  fused: {
    name: "Both", line: "Sees the points and the gray crop.", from: "geometry and gray pixels",
  },
  landmark_cnn: { name: "Drawing", line: "Sees the drawing alone.", from: "geometry" },
};
const LABELLERS = { "": "FER2013", ferplus: "ten people" };
export const COMPARED = ["landmark", "pixel"];

// A model of /api/models -> { model, kind, labeller, name, labelledBy, line, from }.
export function described(model) {
  const [kind, labeller = ""] = model.name.replace("landmark-mesh", "landmark_mesh").split("-");
  const known = KINDS[kind];
  if (!known || !(labeller in LABELLERS)) {
    const { name } = model;
    return { model, kind: name, labeller: "", name, line: "A model of your own.", from: "a face" };
  }
  return { model, kind, labeller, labelledBy: LABELLERS[labeller], ...known };
}

// "Shape, labels by ten people", or a raw name that is not one of ours.
export function fullName({ name, labelledBy }) {
  return labelledBy ? `${name}, labels by ${labelledBy}` : name;
}

// One sentence: what it sees and how often it is right.
export function lineOf({ line, model }) {
  const { accuracy } = model.metrics ?? {};
  if (!Number.isFinite(accuracy)) return line;
  return `${line} Right on ${(100 * accuracy).toFixed(1)} % of the test faces.`;
}

// Which models read: one kind of reader, or two compared, by one kind of labels.
export class Choice {
  constructor(models) {
    this.models = models.map(described);
    this.reader = this.models[0].kind;
    this.labeller = this.models[0].labeller;
  }

  // [{ value, name }] of the readers to choose from, in the server's order.
  get readers() {
    // The published network is the comparison's history, not a choice, unless it was asked for.
    const offered = this.models.filter(({ kind }, index) => !index || kind !== "landmark_cnn");
    const kinds = [...new Map(offered.map(({ kind, name }) => [kind, name]))];
    const readers = kinds.map(([value, name]) => ({ value, name }));
    const comparable = COMPARED.every((kind) => this.#of(kind));
    return comparable ? [...readers, { value: "compare", name: "Compare" }] : readers;
  }

  get labellers() {
    const all = this.models.filter(({ labelledBy }) => labelledBy);
    const names = new Map(all.map(({ labeller, labelledBy }) => [labeller, labelledBy]));
    return [...names].map(([value, name]) => ({ value, name }));
  }

  get isComparison() {
    return this.reader === "compare";
  }

  // The described models in use: two in a comparison, else one.
  get chosen() {
    return (this.isComparison ? COMPARED : [this.reader]).map((kind) => this.#of(kind));
  }

  // One of a kind, by the labeller chosen if there is one.
  #of(kind) {
    const ofKind = this.models.filter((described) => described.kind === kind);
    return ofKind.find(({ labeller }) => labeller === this.labeller) ?? ofKind[0];
  }
}

// The share of faces that get a label from a threshold on, and how often it is then right:
// { coverage, accuracy } between the rows of the card, or null where it has none.
export function answeredFrom(threshold, metrics) {
  const rows = metrics?.coverage_accuracy ?? [];
  const after = rows.findIndex((row) => row.threshold >= threshold);
  if (!rows.length) return null;
  if (after === 0) return rows[0];
  if (after === -1) return rows.at(-1);
  const [low, high] = [rows[after - 1], rows[after]];
  const share = (threshold - low.threshold) / (high.threshold - low.threshold);
  const between = (name) => low[name] + share * (high[name] - low[name]);
  return { coverage: between("coverage"), accuracy: between("accuracy") };
}
