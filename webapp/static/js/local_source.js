// A source of results (see source.js) inside the page: a worker finds, draws and reads the faces,
// and nothing leaves the browser.

const WORKER = "static/js/reading/worker.js";

export class LocalSource {
  constructor(handlers) {
    this.handlers = handlers;
    this.base = document.baseURI;
    this.settings = null;
    this.wanted = false;
    this.run = 0;
    this.busy = true; // until the worker is ready
    this.waiting = new Map(); // id of a message -> how to settle its promise
    this.lastId = 0;
  }

  // Start to load the networks, and tell which there are.
  async models() {
    const { content: integrity } = document.querySelector('meta[name="facelines-site"]');
    this.site = await (await fetch("site.json", { integrity })).json();
    this.ready = this.#start();
    this.ready.then(() => {
      this.busy = false;
      this.handlers.onLoading(1);
      if (this.wanted) this.#begin();
    }, (error) => this.handlers.onProblem(error.message));
    return this.site.models;
  }

  open() {
    if (this.wanted) return;
    this.wanted = true;
    if (this.busy) this.handlers.onState("connecting");
    else this.#begin();
  }

  close() {
    this.wanted = false;
    this.handlers.onState("closed");
  }

  configure(settings) {
    this.settings = settings;
  }

  get isFree() {
    return this.wanted && !this.busy;
  }

  async send(canvas) {
    if (!this.isFree) return;
    this.busy = true;
    const { run } = this;
    const started = performance.now();
    try {
      const picture = await createImageBitmap(canvas);
      const result = await this.#ask("frame", {
        picture, seconds: started / 1000, settings: this.settings,
      }, [picture]);
      // A result of a run that has ended meanwhile is nobody's.
      if (this.wanted && run === this.run) {
        this.handlers.onResult(result, performance.now() - started);
      }
    } catch (error) {
      this.handlers.onProblem(error.message);
    } finally {
      this.busy = false;
    }
  }

  async photo(file, settings) {
    await this.ready;
    return this.#ask("photo", { file, settings });
  }

  async #begin() {
    this.run += 1;
    await this.#ask("restart");
    this.handlers.onState("open");
  }

  async #start() {
    // From a blob, so that the page's own Content-Security-Policy holds in the worker too: a
    // static host sends none with the worker's file.
    const script = `importScripts(${JSON.stringify(new URL(WORKER, this.base).href)});`;
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    this.worker = new Worker(address);
    this.worker.addEventListener("message", ({ data }) => this.#receive(data));
    this.worker.addEventListener("error", () => this.#fail());
    await this.#ask("start", { base: this.base, site: this.site });
    URL.revokeObjectURL(address);
  }

  #ask(task, values = {}, transfer = []) {
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, task, ...values }, transfer);
    });
  }

  #receive({ id, result, error, loaded }) {
    if (loaded) {
      this.loaded = (this.loaded ?? 0) + loaded;
      this.handlers.onLoading(Math.min(0.99, this.loaded / this.site.bytes));
      return;
    }
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(result);
  }

  #fail() {
    const error = new Error("The part of this page that reads faces could not start. Reload it.");
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
