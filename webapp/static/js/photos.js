// Photos: read one by one, a card a face; videos go to the stage. What stays in memory is a small
// crop and 51 points a face; the photo itself is read again from its file when it is opened.

import { svgElement } from "./drawing.js";
import { download, toCsv } from "./history.js";
import { drawFaces } from "./overlay.js";
import { button, make, swatch } from "./panels.js";
import { normalise, percent } from "./shapes.js";
import { showCode } from "./snippets.js";
import { emotionOf, inWords } from "./verdict.js";

const CROP_SIDE = 240; // pixels of a card's crop
const LARGE = 1600; // pixels of an opened photo's longer side, at most
const MARGIN = 0.35; // of the box, around the crop

const element = (id) => document.getElementById(id);

export class Photos {
  // read(file) -> Promise<result with verdicts>; playFilm(file); models() -> names.
  constructor({ read, playFilm, models }) {
    this.handlers = { read, playFilm, models };
    this.entries = []; // { file, result, models, cards }
    this.turn = Promise.resolve();
    this.#prepareDoors();
    element("photos-csv").addEventListener("click", () => {
      download("facelines-photos.csv", this.toCsv(), "text/csv");
    });
    element("photos-clear").addEventListener("click", () => this.clear());
    element("photo-save").addEventListener("click", () => this.#saveOpened());
    element("photo-code").addEventListener("click", () => {
      element("photo").close();
      showCode(this.opened.models, this.opened.file.name);
    });
    element("photo").addEventListener("close", () => blank(element("photo-picture")));
  }

  #prepareDoors() {
    element("files").addEventListener("change", (event) => {
      this.take([...event.target.files]);
      event.target.value = ""; // so that the same file can be chosen again
    });
    // The whole page takes files: one dropped beside the area would replace the page.
    const over = (is) => document.body.classList.toggle("dragging", is);
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      over(true);
    });
    document.addEventListener("dragleave", (event) => over(event.relatedTarget !== null));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      over(false);
      this.take([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => this.take([...event.clipboardData.files]));
  }

  // One photo after the other, also over several drops: each is decoded only for its turn.
  take(files) {
    for (const file of files) {
      if (file.type.startsWith("video/")) this.handlers.playFilm(file);
      else this.#queue(file);
    }
  }

  #queue(file) {
    const waiting = noteCard(nameOf(file), "Reading …");
    this.#add(waiting);
    this.turn = this.turn.then(() => this.#show(file, waiting));
  }

  async #show(file, waiting) {
    if (!waiting.isConnected) return; // cleared meanwhile
    const entry = { file, models: this.handlers.models() };
    try {
      entry.result = await this.handlers.read(file);
      entry.cards = await this.#cards(entry);
    } catch (error) {
      waiting.classList.add("failed");
      waiting.querySelector("p").textContent = error.message;
      entry.cards = [waiting];
      waiting.append(make("div", { className: "card-foot" }, this.#remover(entry, waiting)));
      element("photo-news").textContent = `${nameOf(file)}: ${error.message}`;
      return;
    }
    this.entries.push(entry);
    waiting.replaceWith(...entry.cards);
    element("photo-news").textContent = `${nameOf(file)}: ${summary(entry.result)}`;
    this.#showTools();
  }

  async #cards(entry) {
    const { file, result } = entry;
    const picture = await createImageBitmap(file);
    try {
      if (!result.faces.length) return [await this.#faceless(entry, picture)];
      const crops = [];
      for (const { box } of result.faces) crops.push(await cropped(picture, result, box));
      return crops.map((crop, index) => this.#faceCard(entry, index, crop));
    } finally {
      picture.close(); // or 12 megapixels stay until the collector comes
    }
  }

  async #faceless(entry, picture) {
    const whole = [0, 0, entry.result.width, entry.result.height];
    const card = noteCard(nameOf(entry.file), summary(entry.result));
    card.prepend(this.#opener(entry, make("div", { className: "pictures" },
      await cropped(picture, entry.result, whole, 0))));
    card.append(make("div", { className: "card-foot" }, this.#remover(entry, card)));
    return card;
  }

  #faceCard(entry, index, crop) {
    const { file, result } = entry;
    const face = result.faces[index];
    const name = nameOf(file);
    const count = result.faces.length;
    const title = count > 1 ? `${name} · ${index + 1} of ${count}` : name;
    const lines = svgElement(normalise(face.points), "The drawing: white lines on black.");
    const card = make("article", { className: "result" },
      this.#opener(entry, make("div", { className: "pictures" }, crop, lines)),
      make("h3", {}, title),
      ...face.verdicts.map((verdict) => verdictLine(verdict, face.verdicts.length > 1)),
      smallBars(face.readings[face.verdicts[0].model].probabilities));
    const code = button("Code", () => showCode(entry.models, name), { className: "quiet if-server" });
    code.setAttribute("aria-label", `Code for ${title}`);
    card.append(make("div", { className: "card-foot" }, code, this.#remover(entry, card, title)));
    return card;
  }

  #opener(entry, pictures) {
    const open = button("", () => this.#open(entry), { className: "open" });
    open.setAttribute("aria-label", `Open ${nameOf(entry.file)}`);
    open.append(pictures);
    return open;
  }

  #remover(entry, card, title = "") {
    const remove = button("Remove", () => {
      entry.cards = entry.cards.filter((each) => each !== card);
      card.remove();
      release(card);
      if (!entry.cards.length) this.entries = this.entries.filter((each) => each !== entry);
      this.#showTools();
    }, { className: "quiet" });
    remove.setAttribute("aria-label", `Remove ${title || nameOf(entry.file)}`);
    return remove;
  }

  #add(card) {
    element("gallery").prepend(card);
    this.#showTools();
  }

  // A finished film, to be saved.
  addFilm(name, film) {
    const card = noteCard(name, "The video as it was played, with boxes, points and labels.");
    card.append(make("div", { className: "card-foot" }, button("Save annotated video", () => {
      download(annotatedName(name, "webm"), film, "video/webm");
    })));
    this.#add(card);
  }

  clear() {
    for (const card of element("gallery").children) release(card);
    element("gallery").replaceChildren();
    this.entries = [];
    this.#showTools();
    element("files").focus();
  }

  #showTools() {
    element("photo-tools").hidden = !element("gallery").children.length;
    element("photos-csv").disabled = !this.entries.length;
  }

  async #open(entry) {
    this.opened = entry;
    element("photo-title").textContent = nameOf(entry.file);
    element("photo-text").textContent = summary(entry.result);
    await annotate(element("photo-picture"), entry, LARGE);
    element("photo").showModal();
  }

  async #saveOpened() {
    const { file } = this.opened;
    const canvas = make("canvas");
    await annotate(canvas, this.opened, Infinity);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
    download(annotatedName(file.name, "png"), blob, "image/png");
    blank(canvas);
  }

  // A row for each face and model, and one for each photo without a face.
  toCsv() {
    const [first] = this.entries.flatMap(({ result }) => result.faces);
    const labels = Object.keys(Object.values(first?.readings ?? {})[0]?.probabilities ?? {});
    const head = ["file", "face", "left", "top", "right", "bottom", "quality", "model", "emotion",
      "label", ...labels];
    const rows = this.entries.flatMap(({ file, result }) => {
      if (!result.faces.length) return [[file.name, ...head.slice(1).map(() => "")]];
      return result.faces.flatMap((face, index) => face.verdicts.map((verdict) => [
        file.name, index + 1, ...face.box, face.quality, verdict.model,
        emotionOf(verdict), verdict.label,
        ...labels.map((label) => face.readings[verdict.model].probabilities[label]),
      ]));
    });
    return toCsv([head, ...rows]);
  }
}

function nameOf(file) {
  return file.name || "Pasted picture";
}

function noteCard(title, text) {
  return make("article", { className: "result note" },
    make("h3", {}, title), make("p", { className: "fine" }, text));
}

// A box of the photo, with some margin, as a small picture.
async function cropped(picture, result, [left, top, right, bottom], margin = MARGIN) {
  const scale = picture.width / result.width;
  const side = Math.max(right - left, bottom - top) * (1 + 2 * margin);
  const x = (left + right - side) / 2;
  const y = (top + bottom - side) / 2;
  const canvas = make("canvas", { width: CROP_SIDE, height: CROP_SIDE });
  canvas.getContext("2d").drawImage(
    picture, scale * x, scale * y, scale * side, scale * side, 0, 0, CROP_SIDE, CROP_SIDE,
  );
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.85); });
  blank(canvas);
  return make("img", {
    src: URL.createObjectURL(blob), alt: "", loading: "lazy", decoding: "async",
  });
}

function release(card) {
  for (const image of card.querySelectorAll("img")) URL.revokeObjectURL(image.src);
}

function blank(canvas) {
  canvas.width = 0;
  canvas.height = 0;
}

function verdictLine(verdict, named) {
  const { label, confidence, certain, name } = verdict;
  const share = verdict.unreadable ? "" : ` ${percent(confidence)}`;
  const text = `${named ? `${name}: ` : ""}${inWords(verdict)}${share}`;
  return make("p", { className: "said" }, swatch(`var(--${label})`, !certain), text);
}

function smallBars(probabilities) {
  const bars = Object.entries(probabilities).map(([label, share]) => {
    const bar = make("i", { title: `${label} ${percent(share)}` });
    bar.style.setProperty("--colour", `var(--${label})`);
    bar.style.setProperty("--share", share);
    return bar;
  });
  const all = make("div", { className: "small-bars" }, ...bars);
  all.setAttribute("role", "img");
  all.setAttribute("aria-label", Object.entries(probabilities)
    .map(([label, share]) => `${label} ${percent(share)}`).join(", "));
  return all;
}

// Draw a photo with its faces' boxes, points and labels, its longer side at most so many pixels.
async function annotate(canvas, { file, result }, longest) {
  const scale = Math.min(1, longest / Math.max(result.width, result.height));
  const size = [result.width, result.height].map((length) => Math.round(scale * length));
  const picture = await createImageBitmap(file);
  [canvas.width, canvas.height] = size;
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0, ...size);
  picture.close();
  // Marks are drawn for a picture about 800 pixels wide and scaled with it.
  const zoom = Math.max(size[0] / 800, 0.5);
  context.scale(zoom, zoom);
  const place = { scale: scale / zoom, left: 0, top: 0, mirrorWidth: null };
  const faces = result.faces.map((face, index) => ({ ...face, number: index + 1 }));
  drawFaces(context, faces, place, size.map((length) => length / zoom));
  canvas.setAttribute("aria-label", summary(result));
}

function summary({ faces }) {
  if (!faces.length) {
    return "No face was found. Faces turned away, covered or very small are often missed.";
  }
  return faces.map(({ verdicts }, index) => {
    const said = verdicts.map((each) => (
      each.unreadable ? inWords(each) : `${inWords(each)} (${percent(each.confidence)})`
    ));
    return `Face ${index + 1}: ${said.join(" / ")}`;
  }).join("; ");
}

function annotatedName(name, ending) {
  return `${(name || "picture").replace(/\.[^.]*$/, "")}-facelines.${ending}`;
}
