// The socket: one frame in flight, and a new try by itself when the connection drops.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;
const ANSWER_TIMEOUT = 6000;
const IDLE = 4000; // close code of a server that has heard nothing for a while

export class Connection {
  // onState(state, seconds): "connecting", "open", "busy", "lost" or "closed"; seconds to wait.
  // onResult(result, roundTrip), onProblem(message).
  // run: how many times the server has let this page in; face numbers belong to one run.
  constructor({ onState, onResult, onProblem }) {
    this.handlers = { onState, onResult, onProblem };
    this.settings = null;
    this.reference = null; // the user's neutral face, as the server took it
    this.wanted = false;
    this.failures = 0;
    this.run = 0;
  }

  open() {
    if (this.wanted) return;
    this.wanted = true;
    this.failures = 0;
    this.#connect();
  }

  close() {
    this.wanted = false;
    clearTimeout(this.retry);
    this.#drop();
    this.handlers.onState("closed");
  }

  get isFree() {
    const isOpen = this.socket?.readyState === WebSocket.OPEN;
    return isOpen && this.greeted && this.sentAt === null;
  }

  configure(settings) {
    this.settings = settings;
    if (this.greeted && this.socket.readyState === WebSocket.OPEN) this.#sendSettings();
  }

  // A message about references: see `source.js`.
  refer(message) {
    if (this.greeted && this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type: "reference", ...message }));
    }
  }

  send(frame) {
    if (!this.isFree) return;
    this.sentAt = performance.now();
    this.socket.send(frame);
    this.timeout = setTimeout(() => this.#lost(), ANSWER_TIMEOUT);
  }

  #connect() {
    this.handlers.onState("connecting");
    this.greeted = false;
    this.sentAt = null;
    this.busySeconds = null;
    const address = new URL("/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.addEventListener("message", (event) => {
      if (socket === this.socket) this.#receive(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.socket) this.#lost(event.code);
    });
  }

  #receive(message) {
    if (message.type === "hello") {
      this.greeted = true;
      this.failures = 0;
      this.run += 1;
      if (this.settings) this.#sendSettings();
      this.refer({ automatic: true, own: this.reference });
      this.handlers.onState("open");
    } else if (message.type === "busy") {
      this.busySeconds = message.retry_seconds;
    } else if (message.type === "result") {
      this.handlers.onResult(message, this.#answered());
    } else {
      if ("frame" in message) this.#answered();
      this.handlers.onProblem(message.message);
    }
  }

  #answered() {
    clearTimeout(this.timeout);
    const roundTrip = performance.now() - this.sentAt;
    this.sentAt = null;
    return roundTrip;
  }

  #sendSettings() {
    this.socket.send(JSON.stringify({ type: "settings", ...this.settings }));
  }

  #lost(code) {
    this.#drop();
    if (code === IDLE) this.wanted = false; // the next picture opens it again
    if (!this.wanted) return;
    this.failures += 1;
    const backoff = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.failures - 1));
    const least = Math.max(backoff, 1000 * (this.busySeconds ?? 0));
    const wait = least * (0.75 + Math.random() / 2);
    this.handlers.onState(this.busySeconds ? "busy" : "lost", Math.ceil(wait / 1000));
    this.retry = setTimeout(() => this.#connect(), wait);
  }

  #drop() {
    clearTimeout(this.timeout);
    const socket = this.socket;
    this.socket = null;
    this.greeted = false;
    this.sentAt = null;
    socket?.close();
  }
}
