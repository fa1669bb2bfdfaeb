// Records a playing video with its overlay, in this page's memory.

const RATE = 25; // frames a second
const SLICE = 200; // milliseconds of film that are given out at a time
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
    this.canvas = document.createElement("canvas");
    this.compose(this.canvas);
    this.parts = [];
    const { parts } = this;
    const stream = this.canvas.captureStream(RATE);
    this.recorder = new MediaRecorder(stream, { mimeType: TYPE });
    this.recorder.addEventListener("dataavailable", ({ data }) => {
      if (data.size) parts.push(data);
    });
    this.recorder.addEventListener("stop", () => {
      this.onFilm(name, new Blob(parts, { type: TYPE }));
    });
    this.recorder.start(SLICE);
    this.timer = setInterval(() => this.compose(this.canvas), 1000 / RATE);
  }

  stop() {
    clearInterval(this.timer);
    const { recorder, canvas, parts } = this;
    this.recorder = null;
    if (!recorder) return;
    // A film without a frame can't be played: where the encoder is behind, the last one stays.
    const context = canvas.getContext("2d");
    const end = () => {
      if (!parts.length) {
        context.drawImage(canvas, 0, 0);
        setTimeout(end, 1000 / RATE);
      } else if (recorder.state !== "inactive") recorder.stop();
    };
    end();
  }
}
