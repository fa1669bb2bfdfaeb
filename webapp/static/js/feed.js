// What is looked at: a camera, a video file, or a still picture, as frames on a canvas.

const SENT_WIDTH = 640;
const LOCK = "facelines-camera";

// A problem with the camera or a file, in a sentence that says what to do.
export class FeedProblem extends Error {}

const SENTENCES = {
  NotAllowedError:
    "The browser did not allow the camera. Allow it for this page (the camera or lock symbol in "
    + "the address bar), then press Start again. Portraits and photos work without it.",
  NotFoundError:
    "No camera was found. Connect one and press Start again. Portraits and photos work without it.",
  NotReadableError:
    "The camera is in use by another program. Close that program, then press Start again.",
};
const INSECURE =
  "Browsers lend the camera only to https pages and to localhost. Open this page as localhost on "
  + "the server's own machine, or start the server with --ssl-certfile and --ssl-keyfile. "
  + "Portraits and photos work without it.";

export class Feed {
  // kind: "camera", "film" or "still"; null while there is nothing to see.
  // onEnded(sentence): the camera went away, or a film has ended (then its last frame stays).
  constructor(video, still, onEnded) {
    this.video = video;
    this.still = still;
    this.kind = null;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
    video.addEventListener("ended", () => onEnded("The video has ended."));
    this.onUnplugged = () => {
      onEnded("The camera was disconnected. Connect it and press Start again.");
    };
  }

  // which: { deviceId } or { facingMode }.
  async openCamera(which = {}) {
    if (!window.isSecureContext || !navigator.mediaDevices) throw new FeedProblem(INSECURE);
    await this.#takeTurn();
    try {
      this.close({ keepTurn: true }); // a phone lends one camera at a time
      const stream = await requestCamera(which);
      stream.getVideoTracks()[0].addEventListener("ended", this.onUnplugged);
      this.video.srcObject = stream;
      this.kind = "camera";
      await this.video.play();
    } catch (error) {
      this.close();
      throw new FeedProblem(
        SENTENCES[error.name] ?? `The camera could not be started (${error.message}).`,
      );
    }
  }

  // file: a File, or { name, address } of a sample, which plays in a loop.
  async openFilm(file) {
    this.close();
    this.address = file.address ?? URL.createObjectURL(file);
    this.video.loop = Boolean(file.address);
    this.video.src = this.address;
    this.kind = "film";
    try {
      await this.video.play();
    } catch {
      this.close();
      throw new FeedProblem(`This browser cannot play ${file.name}. Try MP4 (H.264) or WebM.`);
    }
  }

  async openStill(address) {
    this.close();
    this.still.src = address;
    try {
      await this.still.decode();
    } catch {
      throw new FeedProblem("This portrait could not be loaded. Check that the server runs.");
    }
    this.still.hidden = false;
    this.kind = "still";
  }

  close({ keepTurn = false } = {}) {
    for (const track of this.video.srcObject?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
    this.video.removeAttribute("src");
    this.video.loop = false;
    if (this.address?.startsWith("blob:")) URL.revokeObjectURL(this.address);
    this.address = null;
    this.still.hidden = true;
    this.still.removeAttribute("src");
    this.kind = null;
    if (!keepTurn) this.giveTurnBack?.();
  }

  get picture() {
    return this.kind === "still" ? this.still : this.video;
  }

  // [width, height] of the picture; 0 while there is none.
  get size() {
    if (this.kind === "still") return [this.still.naturalWidth, this.still.naturalHeight];
    return [this.video.videoWidth, this.video.videoHeight];
  }

  get deviceId() {
    return this.video.srcObject?.getVideoTracks()[0]?.getSettings().deviceId;
  }

  // The present picture on a canvas, at most SENT_WIDTH in its longer side; null while there is
  // none. The canvas is the feed's own and shows the next picture at the next call.
  grab() {
    const [width, height] = this.size;
    if (!this.kind || !width) return null;
    const scale = Math.min(1, SENT_WIDTH / Math.max(width, height));
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.context.drawImage(this.picture, 0, 0, this.canvas.width, this.canvas.height);
    return this.canvas;
  }

  // One tab at a time: two would halve each other's frame rate without saying why.
  async #takeTurn() {
    if (!navigator.locks || this.giveTurnBack) return;
    await this.turn; // one just given back is free only a moment later
    const taken = await new Promise((resolve) => {
      this.turn = navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(false);
        return new Promise((release) => {
          this.giveTurnBack = () => {
            this.giveTurnBack = null;
            release();
          };
          resolve(true);
        });
      });
    });
    if (!taken) {
      throw new FeedProblem(
        "Facelines already uses the camera in another tab. Stop it there, then press Start here.",
      );
    }
  }
}

export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === "videoinput" && device.deviceId);
}

async function requestCamera({ deviceId, facingMode = "user" }) {
  const size = { width: { ideal: 640 }, height: { ideal: 480 } };
  const choice = deviceId ? { deviceId: { exact: deviceId } } : { facingMode };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...size, ...choice } });
  } catch (error) {
    if (error.name !== "OverconstrainedError") throw error;
    return navigator.mediaDevices.getUserMedia({ video: true }); // that camera was unplugged
  }
}
