// The card to save and share: drawing, bars, model; the photograph only if asked for.

import { drawLines, toSvg } from "./drawing.js";
import { download } from "./history.js";
import { fullName } from "./names.js";
import { capital } from "./panels.js";
import { percent } from "./shapes.js";
import { inWords } from "./verdict.js";

const [WIDTH, HEIGHT] = [1200, 630];
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const [GROUND, INK, SOFT, TRACK] = ["#0b0e12", "#f4f1ea", "#a3abb5", "#1d242c"];

const element = (id) => document.getElementById(id);

export class ShareCard {
  constructor() {
    this.moment = null;
    element("card-photo").addEventListener("change", () => this.#draw());
    element("card-save").addEventListener("click", async () => {
      download("facelines-card.png", await this.#png(), "image/png");
    });
    element("card-svg").addEventListener("click", () => {
      download("facelines.svg", toSvg(this.moment.points), "image/svg+xml");
    });
    element("card-share").addEventListener("click", () => this.#share());
    const probe = new File([""], "facelines-card.png", { type: "image/png" });
    element("card-share").hidden = !navigator.canShare?.({ files: [probe] });
  }

  // moment: { points (normalised), verdicts, readings, described: one a model, photograph: canvas
  // of the picture }.
  show(moment) {
    this.moment = moment;
    element("card-photo").checked = false;
    this.#draw();
    element("card").showModal();
  }

  #draw() {
    const canvas = element("card-picture");
    const context = canvas.getContext("2d");
    const { points, verdicts, described, photograph } = this.moment;
    this.guess = `guess from ${listed(described.map(({ from }) => from))}`;
    context.fillStyle = GROUND;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = "#000";
    context.fillRect(0, 0, HEIGHT, HEIGHT);
    if (element("card-photo").checked) drawCover(context, photograph, HEIGHT);
    else drawLines(context, points, HEIGHT);
    const words = verdicts.map((each) => `${each.name} ${inWords(each)}`).join(", ");
    canvas.setAttribute("aria-label", `A card: ${words}, a ${this.guess}.`);
    this.#drawText(context, HEIGHT + 56, WIDTH - 56);
  }

  #drawText(context, left, right) {
    const { verdicts, readings, described } = this.moment;
    const several = verdicts.length > 1;
    let y = 84;
    const write = (text, size, colour, weight = 400) => {
      context.font = `${weight} ${size}px ${FONT}`;
      context.fillStyle = colour;
      context.textBaseline = "alphabetic";
      context.fillText(text, left, y, right - left);
    };
    verdicts.forEach((verdict, index) => {
      write(fullName(described[index]), 22, SOFT);
      y += several ? 44 : 58;
      const words = inWords(verdict);
      const title = `${capital(words)} ${percent(verdict.confidence)}`;
      write(title, several ? 40 : 50, INK, 650);
      y += several ? 22 : 34;
      const { probabilities } = readings[verdict.model];
      y = drawBars(context, probabilities, [left, y, right], several ? 24 : 44);
      y += several ? 44 : 0;
    });
    y = HEIGHT - 78;
    write(`A ${this.guess}, not a feeling.`, 24, INK);
    y = HEIGHT - 44;
    write("Facelines", 22, SOFT, 650);
  }

  #png() {
    return new Promise((resolve) => { element("card-picture").toBlob(resolve, "image/png"); });
  }

  async #share() {
    const file = new File([await this.#png()], "facelines-card.png", { type: "image/png" });
    try {
      await navigator.share({ files: [file], title: "Facelines" });
    } catch (error) {
      if (error.name !== "AbortError") throw error; // the user thought better of it
    }
  }
}

// "geometry", or "geometry and gray pixels"; each once.
function listed(words) {
  return [...new Set(words)].join(" and ");
}

function drawBars(context, probabilities, [left, top, right], height) {
  let y = top;
  const style = getComputedStyle(document.documentElement);
  for (const [label, share] of Object.entries(probabilities)) {
    const middle = y + height / 2;
    context.font = `400 ${Math.min(20, height - 6)}px ${FONT}`;
    context.textBaseline = "middle";
    context.fillStyle = INK;
    context.fillText(label, left, middle);
    const [start, end] = [left + 100, right - 76];
    context.fillStyle = TRACK;
    bar(context, start, middle, end - start, height * 0.4);
    context.fillStyle = style.getPropertyValue(`--${label}`) || INK;
    bar(context, start, middle, (end - start) * share, height * 0.4);
    context.fillStyle = SOFT;
    context.fillText(percent(share), right - 60, middle);
    y += height;
  }
  return y;
}

function bar(context, left, middle, width, height) {
  context.beginPath();
  const round = Math.min(width, height) / 2;
  context.roundRect(left, middle - height / 2, Math.max(width, 2), height, round);
  context.fill();
}

// Fill a square at the origin with the middle of a picture.
function drawCover(context, picture, side) {
  const cut = Math.min(picture.width, picture.height);
  const [x, y] = [(picture.width - cut) / 2, (picture.height - cut) / 2];
  context.drawImage(picture, x, y, cut, cut, 0, 0, side, side);
}
