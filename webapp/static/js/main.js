// Wires what is looked at, the source of results and the panels together.

import { Cameras } from "./cameras.js";
import { prepareDialogs, prepareShortcuts, showAccuracy } from "./dialogs.js";
import { Drawing } from "./drawing.js";
import { Feed, FeedProblem } from "./feed.js";
import { download, Session } from "./history.js";
import { Overlay } from "./overlay.js";
import * as panels from "./panels.js";
import { Parade } from "./parade.js";
import { People } from "./people.js";
import { Photos } from "./photos.js";
import { Readers } from "./readers.js";
import { Recorder } from "./recorder.js";
import { ReferenceControl } from "./reference.js";
import { showSamples } from "./samples.js";
import { normalise } from "./shapes.js";
import { ShareCard } from "./share.js";
import { showCode } from "./snippets.js";
import { openSource } from "./source.js";
import { Verdicts } from "./verdict.js";
import { toggle, View } from "./view.js";

const FRAME_INTERVAL = 36; // milliseconds; faster than this gains nothing that eyes can see
const CHARTS_INTERVAL = 200;
const MARKER_INTERVAL = 40; // while a past moment is looked at
const NO_FACE_PATIENCE = 800; // milliseconds without a face before the page says so
const STILL_MS = 1500; // for which a still picture is sent: until the smoothing has settled
const LONGEST_STEP = 200;

const element = (id) => document.getElementById(id);

const state = {
  phase: "idle", // "live", "paused", "ended": a film's last frame, "still": one that is read
  last: null, // the last result's chosen face
  chosen: null,
  cameraBefore: false, // whether a camera ran before the film or portrait
  lastFaceAt: 0,
  lastSentAt: 0,
  lastSentTime: null,
  stillUntil: 0,
  lastChartsAt: 0,
  lastStep: 0,
};
const session = new Session();
const readouts = new panels.Readouts();
const feed = new Feed(element("video"), element("still"), (sentence) => {
  if (feed.kind === "film") finish(sentence);
  else stop(sentence, "problem");
});
const overlay = new Overlay(element("overlay"), feed);
const drawing = new Drawing(element("drawing"));
const cameras = new Cameras(feed, (which) => startCamera(which));
const view = new View({ overlay, drawing, feed, cameras });
const parade = new Parade(drawing, (nodes) => view.caption(nodes));
const recorder = new Recorder((canvas) => overlay.compose(canvas), (name, film) => {
  photos.addFilm(name, film);
});
const source = await openSource({ onState, onResult, onProblem, onLoading });
const card = new ShareCard();
const readers = new Readers({ onChange: configure, onThreshold: readAgain });
const verdicts = new Verdicts((described) => readers.thresholdOf(described));
const reference = new ReferenceControl(element("reference"), {
  source, say: panels.say, onView: (shown) => { drawing.view = shown; },
});
const people = new People(session, { who, onChoose: choose, onLook: look });
const photos = new Photos({ read: readPhoto, playFilm, models: () => readers.names });

// --- What is looked at -------------------------------------------------------------------------

async function startCamera(which = { facingMode: cameras.facing }) {
  panels.say("Waiting for the camera. Your browser may ask for permission.", "wait");
  if (!await begin(() => feed.openCamera(which))) return;
  state.cameraBefore = true;
  await cameras.list();
}

async function playFilm(file) {
  element("stage").scrollIntoView({ block: "nearest", behavior: "smooth" });
  if (!await begin(() => feed.openFilm(file))) return;
  if (!file.address) recorder.start(file.name);
  state.film = file;
}

async function showSample(sample) {
  if (sample.kind === "film") await playFilm(sample);
  else await begin(() => feed.openStill(sample.address));
  element("still").alt = feed.kind === "still" ? `Portrait: ${sample.name}` : "";
}

// Open a feed and start to read it; false, and a sentence in the stage, where that fails.
async function begin(open) {
  const hadFocus = element("stage").contains(document.activeElement);
  clear();
  try {
    await open();
  } catch (error) {
    if (!(error instanceof FeedProblem)) throw error;
    stop(error.message, "problem");
    return false;
  }
  state.lastFaceAt = performance.now();
  state.lastSentTime = null;
  readAgain();
  setPhase("live");
  view.fit();
  source.open();
  if (hadFocus) element("stop").focus();
  return true;
}

// Back to the welcome.
function stop(reason = "Stopped.", tone = "calm") {
  const hadFocus = element("stage").contains(document.activeElement);
  clear();
  setPhase("idle");
  panels.say(reason, tone);
  if (hadFocus) element("start").focus();
}

// A film has ended: its last frame and what was read of it stay.
function finish(sentence) {
  recorder.stop();
  source.close();
  state.endedAt = performance.now();
  setPhase("ended");
  panels.say(sentence);
  element("to-camera").textContent = state.cameraBefore ? "Back to the camera" : "Start the camera";
}

function clear() {
  recorder.stop();
  source.close();
  feed.close();
  clearReadings();
}

// Forget the faces shown: after a stop, and when the connection drops.
function clearReadings() {
  verdicts.clear();
  state.chosen = null;
  state.last = null;
  people.endReplay();
  overlay.clear();
  drawing.clear();
  readouts.clear();
  panels.showNoFace();
  reference.update(false, null);
  element("share").disabled = true;
}

function setPhase(phase) {
  state.phase = phase;
  if (phase !== "idle") parade.end();
  const running = phase === "live" || phase === "paused";
  element("stage").dataset.state = phase;
  element("live").dataset.phase = phase;
  element("after").hidden = phase !== "ended";
  element("pause").setAttribute("aria-pressed", String(phase === "paused"));
  element("pause").setAttribute("aria-label", phase === "paused" ? "Go on" : "Pause");
  element("pause").hidden = feed.kind === "still";
  for (const id of ["stop", "pause"]) element(id).disabled = !running;
  element("snapshot").disabled = phase === "idle";
}

function togglePause() {
  if (!["live", "paused"].includes(state.phase) || feed.kind === "still") return;
  setPhase(state.phase === "live" ? "paused" : "live");
  if (state.phase === "paused") {
    element("video").pause();
    panels.say("Paused. Nothing is sent.");
  } else {
    element("video").play();
  }
}

// --- Frames out, faces in ----------------------------------------------------------------------

// At the screen's rate: glide and draw, and send the next picture unless one is being answered.
function step(now) {
  requestAnimationFrame(step);
  const elapsed = Math.min(now - state.lastStep, LONGEST_STEP);
  state.lastStep = now;
  people.step(elapsed);
  if (state.phase === "idle") parade.step(now, elapsed);
  drawing.step(elapsed);
  if (state.phase === "idle") return;
  overlay.step(elapsed);
  if (now - state.lastChartsAt >= CHARTS_INTERVAL && state.phase !== "ended") showCharts(now);
  if (state.phase === "live") sendFrame(now);
}

function sendFrame(now) {
  source.open(); // does nothing unless it was closed in a long pause
  const { currentTime } = element("video");
  const isNew = feed.kind === "still" ? now < state.stillUntil : currentTime !== state.lastSentTime;
  if (!isNew || !source.isFree || now - state.lastSentAt < FRAME_INTERVAL) return;
  const frame = feed.grab();
  if (!frame) return;
  state.lastSentAt = now;
  state.lastSentTime = currentTime;
  source.send(frame);
}

function onResult(result, roundTrip) {
  if (state.phase !== "live") return;
  const { names } = readers;
  readouts.show(result, roundTrip);
  const isCurrent = result.faces.every((face) => names.every((name) => name in face.readings));
  if (!isCurrent) return; // the answer to a frame sent before the model was changed
  for (const face of result.faces) {
    face.shape = normalise(face.points);
    face.verdicts = verdicts.of(face, readers.chosen);
  }
  overlay.update(result);
  session.record(result.faces, source.run);
  showChosen(result.faces);
  if (result.reference) reference.kept(result.reference);
  reference.update(feed.kind !== "still", state.last);
  showPresence(result.faces.length);
}

function showChosen(faces) {
  const numbers = faces.map(({ number }) => number);
  if (!numbers.includes(state.chosen)) state.chosen = numbers[0] ?? state.chosen;
  overlay.chosen = state.chosen;
  drawing.update(faces, state.chosen);
  state.last = faces.find(({ number }) => number === state.chosen) ?? null;
  element("share").disabled = !state.last || Boolean(state.last.verdicts[0].unreadable);
  if (!state.last) {
    panels.showNoFace();
    return;
  }
  panels.showFaces(numbers, state.chosen, choose);
  panels.showFace(state.last);
}

function showPresence(count) {
  const now = performance.now();
  if (count) state.lastFaceAt = now;
  if (count) panels.say(count === 1 ? "1 face in view." : `${count} faces in view.`, "good");
  else if (now - state.lastFaceAt > NO_FACE_PATIENCE) {
    panels.say("No face in view. Look towards the camera, with light on your face.", "wait");
  }
}

function onState(connection, seconds) {
  element("stage").dataset.connection = connection;
  if (!["live", "paused"].includes(state.phase)) return;
  if (connection === "lost") {
    clearReadings();
    panels.say(`The connection dropped. Trying again in ${seconds} s; nothing to do.`, "wait");
  } else if (connection === "busy") {
    clearReadings();
    panels.say(`The server is busy with other people. Trying again in ${seconds} s.`, "wait");
  } else if (connection === "open") {
    clearReadings(); // faces are counted from 1 again
    readAgain();
    panels.say("Connected. Looking for a face.", "good");
  }
}

function onLoading(share) {
  if (share < 1) panels.say(`Loading the networks: ${Math.floor(100 * share)} %.`, "wait");
  else if (state.phase === "idle") panels.say("The networks are loaded. Ready when you are.");
}

function onProblem(sentence) {
  panels.say(sentence, "problem");
}

async function readPhoto(file) {
  const { chosen, names } = readers;
  const result = await source.photo(file, { models: names });
  for (const face of result.faces) face.verdicts = verdicts.ofPhoto(face, chosen);
  return result;
}

// --- Faces, past and present -------------------------------------------------------------------

function who() {
  const now = state.phase === "ended" ? state.endedAt : performance.now();
  const { names: [model], labels } = readers;
  return { run: source.run, model, chosen: state.chosen, labels, now };
}

function showCharts(now = performance.now()) {
  if (!readers.choice) return;
  state.lastChartsAt = now;
  overlay.obstacles = coveredAreas();
  people.show();
}

// What lies over the picture, as rectangles of the stage.
function coveredAreas() {
  const { left, top } = element("stage").getBoundingClientRect();
  return [...element("stage").querySelectorAll(".status, .tools, .after")].map((each) => {
    const bounds = each.getBoundingClientRect();
    return [bounds.left - left, bounds.top - top, bounds.right - left, bounds.bottom - top];
  });
}

function choose(number) {
  state.chosen = number;
  overlay.chosen = number;
  drawing.chosen = number;
  showCharts();
}

function chooseNext() {
  const buttons = [...element("faces").children];
  const index = buttons.findIndex((each) => Number(each.dataset.number) === state.chosen);
  if (buttons.length) choose(Number(buttons[(index + 1) % buttons.length].dataset.number));
}

// Show a past moment in the drawing, or the present again (null).
function look(moment) {
  drawing.replay(moment?.points ?? null);
  view.showTag(moment);
  const now = performance.now();
  if (!moment || now - state.lastChartsAt >= MARKER_INTERVAL) showCharts(now);
}

// --- Choices -----------------------------------------------------------------------------------

// Tell the source what to do with the frames to come.
function configure() {
  verdicts.clear();
  source.configure({
    models: readers.names,
    smoothing: element("smoothing").getAttribute("aria-pressed") === "true",
    pixels: readers.choice.isComparison,
  });
  readAgain();
  view.showTag();
}

// A still picture is sent once more, for as long as the smoothing takes.
function readAgain() {
  state.stillUntil = performance.now() + STILL_MS;
}

async function fillModels() {
  readers.offer(await source.models());
  showAccuracy(readers.choice.models);
}

// --- To keep -----------------------------------------------------------------------------------

function saveSnapshot() {
  const canvas = document.createElement("canvas");
  overlay.compose(canvas);
  canvas.toBlob((blob) => download("facelines.png", blob, "image/png"));
}

function openCard() {
  if (element("share").disabled) return;
  const photograph = document.createElement("canvas");
  overlay.compose(photograph, { marks: false });
  const { verdicts: said, readings } = state.last;
  const described = readers.chosen;
  card.show({ points: drawing.shown, verdicts: said, readings, described, photograph });
}

// --- Doors -------------------------------------------------------------------------------------

function prepareButtons() {
  const actions = {
    start: () => startCamera(),
    stop: () => stop(),
    pause: togglePause,
    again: () => playFilm(state.film),
    "to-camera": () => startCamera(),
    smoothing: () => {
      toggle("smoothing");
      configure();
    },
    share: openCard,
    snapshot: saveSnapshot,
    "save-csv": () => download("facelines.csv", session.toCsv(), "text/csv"),
    "save-json": () => download("facelines.json", session.toJson(), "application/json"),
    "clear-session": () => {
      session.clear();
      showCharts();
    },
  };
  for (const [id, action] of Object.entries(actions)) element(id).addEventListener("click", action);
  for (const each of document.querySelectorAll("[data-code]")) {
    each.addEventListener("click", () => showCode(readers.names, "photo.jpg"));
  }
  element("overlay").addEventListener("click", (event) => {
    const number = overlay.faceAt(event);
    if (number !== null) choose(number);
  });
}

function prepareKeys() {
  prepareShortcuts({
    s: () => (state.phase === "idle" ? startCamera() : stop()),
    p: togglePause,
    l: () => view.toggleLines(),
    e: () => view.toggleExact(),
    c: openCard,
    r: () => people.toggleReplay(),
    n: chooseNext,
    m: () => view.toggleMirror(),
    o: () => element("smoothing").click(),
    t: () => element("theme").click(),
    "?": () => element("help").showModal(),
  });
}

async function prepare() {
  prepareButtons();
  prepareKeys();
  prepareDialogs(() => showCharts());
  showSamples(element("samples"), showSample);
  requestAnimationFrame(step);
  try {
    await fillModels();
    showCharts();
  } catch {
    panels.say("The server does not answer. Check that it runs, then reload this page.", "problem");
  }
  if (window.isSecureContext) navigator.serviceWorker?.register("service-worker.js");
}

prepare();
