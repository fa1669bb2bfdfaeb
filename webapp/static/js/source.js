// Where results come from. The page knows a source only by this interface: frames go in, faces
// come out. It is the server that sent the page or, in the page without a server, a worker inside
// the page (local_source.js).
//
//   new Source({ onState, onResult, onProblem, onLoading })
//     onState(state, seconds)  "connecting", "open", "busy", "lost" or "closed"; seconds until
//                              it tries again by itself
//     onResult(result, ms)     the faces of the frame last sent, and how long that took
//     onProblem(sentence)      a frame or a setting was refused
//     onLoading(share)         of what has to be loaded first, 0 to 1; the server loads nothing
//
//   models() -> Promise<[{ name, labels, uncertain_below, metrics }]>
//   open(), close()            start and end of a live run; open() on an open source does nothing
//   run                        counts the runs: faces are numbered from 1 in each
//   configure({ models, smoothing, pixels })   for the frames to come; models are one or two names
//   isFree                     whether it takes a frame now: one is in flight at most
//   send(canvas)               the next frame; a frame sent while not free is forgotten
//   refer({ take, own, automatic })   only where faces are read against references: take the
//                              neutral face in the next second (a later result has it as
//                              `reference`), use or forget one, read against what was seen before
//   remember(reference)        what to use in the next run, or null
//   photo(file, { models }) -> Promise<result> with drawings and pixels; rejects with an Error
//                              whose message is a sentence for the user
//
// A result is { width, height, milliseconds, faces: [{ number, box, points, quality, readable,
// drawing, pixels, readings: { model: { label, emotion, best, confidence, probabilities } } }] },
// in pixels of the frame. `drawing` and `pixels` are 48 x 48 pictures as data URLs; `label`, where
// there is one, is held over time and `probabilities` are of the moment; `readable` is false where
// the points are plainly wrong; a photo's faces have no number. `rest`, where a face is read against
// a reference, is { kind, count, points }: the face at rest, normalised, in thousandths.

import { Connection } from "./connection.js";

const JPEG_QUALITY = 0.8;
const TRIES = 5;

// The source that this page was made for.
export async function openSource(handlers) {
  if (document.documentElement.dataset.source !== "page") return new ServerSource(handlers);
  const { LocalSource } = await import("./local_source.js");
  return new LocalSource(handlers);
}

// The server that sent this page.
class ServerSource {
  constructor(handlers) {
    this.connection = new Connection(handlers);
    this.encoding = false;
  }

  async models() {
    const answer = await fetch("/api/models");
    return (await answer.json()).models;
  }

  open() {
    this.connection.open();
  }

  close() {
    this.connection.close();
  }

  get run() {
    return this.connection.run;
  }

  configure(settings) {
    this.connection.configure(settings);
  }

  refer(message) {
    this.connection.refer(message);
  }

  remember(reference) {
    this.connection.reference = reference;
  }

  get isFree() {
    return this.connection.isFree && !this.encoding;
  }

  async send(canvas) {
    if (!this.isFree) return;
    this.encoding = true;
    const jpeg = await new Promise((resolve) => {
      canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY);
    });
    this.encoding = false;
    if (jpeg) this.connection.send(jpeg);
  }

  async photo(file, { models }) {
    const query = new URLSearchParams([
      ...models.map((model) => ["model", model]), ["drawing", "1"], ["pixels", "1"],
    ]);
    for (let attempt = 1; ; attempt += 1) {
      const response = await post(`/api/predict?${query}`, file);
      if (response.ok) return response.json();
      if (response.status !== 503 || attempt === TRIES) {
        const answer = await response.json().catch(() => ({}));
        throw new Error(answer.error ?? `The server answered ${response.status}; try again.`);
      }
      const seconds = Number(response.headers.get("Retry-After")) || 3;
      await new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });
    }
  }
}

async function post(address, body) {
  try {
    return await fetch(address, { method: "POST", body });
  } catch {
    throw new Error("The server cannot be reached. Check that it runs, then try again.");
  }
}
