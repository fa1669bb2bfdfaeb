// The picture's source: a camera or a video file, played in one <video> element.

const SENT_WIDTH = 640;
const JPEG_QUALITY = 0.8;
const LOCK = "facelines-camera";

// A problem with the camera, in a sentence that says what to do.
export class CameraProblem extends Error {}

const SENTENCES = {
  NotAllowedError:
    "The browser did not allow the camera. Allow it for this page (the camera or lock symbol in "
    + "the address bar), then press Start again. Photos work without it.",
  NotFoundError: "No camera was found. Connect one and press Start again, or drop a photo below.",
  NotReadableError:
    "The camera is in use by another program. Close that program, then press Start again.",
};

export class Source {
  constructor(video, onEnded) {
    this.video = video;
    this.onEnded = onEnded;
    this.kind = null; // "camera" or "file"
    this.canvas = document.createElement("canvas");
    video.addEventListener("ended", () => this.onEnded("The video has ended."));
  }

  async openCamera(deviceId) {
    if (!window.isSecureContext || !navigator.mediaDevices) {
      throw new CameraProblem(
        "Browsers lend the camera only to https pages and to localhost. Open this page as "
        + "localhost on the server's own machine, or start the server with --ssl-certfile and "
        + "--ssl-keyfile. Photos work without it.",
      );
    }
    await this.#takeTurn();
    try {
      const stream = await requestCamera(deviceId);
      this.close({ keepTurn: true });
      stream.getVideoTracks()[0].addEventListener("ended", () => {
        this.onEnded("The camera was disconnected. Connect it and press Start again.");
      });
      this.video.srcObject = stream;
      this.kind = "camera";
      await this.video.play();
    } catch (error) {
      this.close();
      throw new CameraProblem(
        SENTENCES[error.name] ?? `The camera could not be started (${error.message}).`,
      );
    }
  }

  async openFile(file) {
    this.close();
    this.address = URL.createObjectURL(file);
    this.video.src = this.address;
    this.kind = "file";
    try {
      await this.video.play();
    } catch (error) {
      this.close();
      throw new CameraProblem(
        `This browser cannot play ${file.name}. Try MP4 (H.264) or WebM.`,
      );
    }
  }

  close({ keepTurn = false } = {}) {
    for (const track of this.video.srcObject?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
    this.video.removeAttribute("src");
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
    this.kind = null;
    if (!keepTurn) this.giveTurnBack?.();
  }

  // The current picture as a JPEG, at most SENT_WIDTH wide; null while there is none.
  grab() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return Promise.resolve(null);
    const scale = Math.min(1, SENT_WIDTH / Math.max(videoWidth, videoHeight));
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    const context = this.canvas.getContext("2d");
    context.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return new Promise((resolve) => {
      this.canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY);
    });
  }

  // One tab at a time: two would halve each other's frame rate without saying why.
  async #takeTurn() {
    if (!navigator.locks || this.giveTurnBack) return;
    const taken = await new Promise((resolve) => {
      navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
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
      throw new CameraProblem(
        "Facelines already uses the camera in another tab. Stop it there, then press Start here.",
      );
    }
  }
}

export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === "videoinput" && device.deviceId);
}

async function requestCamera(deviceId) {
  const size = { width: { ideal: 640 }, height: { ideal: 480 } };
  const choice = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...size, ...choice } });
  } catch (error) {
    if (error.name !== "OverconstrainedError") throw error;
    return navigator.mediaDevices.getUserMedia({ video: true }); // that camera was unplugged
  }
}
