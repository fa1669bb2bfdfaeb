// Records a playing video with its overlay, in this page's memory.

const RATE = 25; // frames a second
const TYPE = "video/webm";

export class Recorder {
  // compose(canvas) draws the present picture; onFilm(name, blob) gets the finished film.
  constructor(compose, onFilm) {
    this.compose = compose;
    this.onFilm = onFilm;
    this.recorder = null;
  }

  start(name) {
    if (!window.MediaRecorder?.isTypeSupported(TYPE)) return; // the video plays all the same
    const canvas = document.createElement("canvas");
    this.compose(canvas);
    const parts = [];
    this.recorder = new MediaRecorder(canvas.captureStream(RATE), { mimeType: TYPE });
    this.recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    this.recorder.addEventListener("stop", () => {
      this.onFilm(name, new Blob(parts, { type: TYPE }));
    });
    this.recorder.start();
    this.timer = setInterval(() => this.compose(canvas), 1000 / RATE);
  }

  stop() {
    clearInterval(this.timer);
    this.recorder?.stop();
    this.recorder = null;
  }
}
