// How things are shown: mirrored or not, exact pixels or lines, with the picture or without.

const DEFAULT_ASPECT = 4 / 3;

const element = (id) => document.getElementById(id);

export class View {
  // cameras: which way the camera faces; a front camera, and it alone, is shown mirrored at first.
  constructor({ overlay, drawing, feed, cameras }) {
    Object.assign(this, { overlay, drawing, feed, cameras });
    this.captioned = null;
    this.mirrored = { user: true, environment: false, film: false, still: false };
    element("mirror").addEventListener("click", () => this.toggleMirror());
    element("exact").addEventListener("click", () => this.toggleExact());
    element("lines").addEventListener("click", () => this.toggleLines());
    element("video").addEventListener("resize", () => this.fit());
    this.fit();
  }

  // Fit the stage to what is looked at now.
  fit() {
    this.#mirror();
    const [width, height] = this.feed.size;
    const aspect = width && height ? width / height : DEFAULT_ASPECT;
    element("live").style.setProperty("--aspect", Math.min(16 / 9, Math.max(3 / 4, aspect)));
  }

  toggleMirror() {
    this.mirrored[this.#kind()] = !this.mirrored[this.#kind()];
    this.#mirror();
  }

  #kind() {
    const { kind } = this.feed;
    return kind === "camera" || !kind ? this.cameras.facing : kind;
  }

  #mirror() {
    const mirrored = this.mirrored[this.#kind()];
    this.overlay.mirrored = mirrored;
    this.drawing.mirrored = mirrored;
    element("mirror").setAttribute("aria-pressed", String(mirrored));
    element("live").classList.toggle("mirrored", mirrored);
    this.showTag();
  }

  toggleExact() {
    this.drawing.exact = toggle("exact");
    this.showTag();
  }

  toggleLines() {
    this.drawing.everyone = toggle("lines");
    element("live").dataset.view = this.drawing.everyone ? "lines" : "picture";
    this.showTag();
  }

  // Write beside the drawing what it shows while nobody is there; null: nothing.
  caption(nodes) {
    this.captioned = nodes;
    this.showTag();
  }

  // Say what is drawn where it is not the face of now in lines; moment: { face, ago } or null.
  showTag(moment = null) {
    const tag = element("drawing-tag");
    tag.dataset.past = String(Boolean(moment));
    tag.hidden = !moment && !this.captioned && !this.drawing.exact;
    if (moment) tag.textContent = `Face ${moment.face}, ${Math.round(moment.ago)} s ago`;
    else if (this.captioned) tag.replaceChildren(...this.captioned);
    else {
      tag.textContent = this.overlay.mirrored
        ? "48 × 48 pixels, mirrored as the picture is" : "48 × 48 pixels, as the model sees them";
    }
  }
}

// Press a button that stays down, or release it; true when it is down.
export function toggle(id) {
  const pressed = element(id).getAttribute("aria-pressed") !== "true";
  element(id).setAttribute("aria-pressed", String(pressed));
  return pressed;
}
