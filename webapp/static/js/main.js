// Wires what is looked at, the source of results and the panels together.

import { prepareDialogs, prepareShortcuts, showAccuracy } from "./dialogs.js";
import { Drawing } from "./drawing.js";
import { Feed, FeedProblem, listCameras } from "./feed.js";
import { download, Session } from "./history.js";
import { Choice } from "./names.js";
import { Overlay } from "./overlay.js";
import * as panels from "./panels.js";
import { People } from "./people.js";
import { Photos } from "./photos.js";
import { Recorder } from "./recorder.js";
import { ReferenceControl } from "./reference.js";
import { showSamples } from "./samples.js";
import { normalise } from "./shapes.js";
import { ShareCard } from "./share.js";
import { showCode } from "./snippets.js";
import { openSource } from "./source.js";
import { unreadable, Verdict } from "./verdict.js";

const FRAME_INTERVAL = 36; // milliseconds; faster than this gains nothing that eyes can see
const CHARTS_INTERVAL = 200;
const MARKER_INTERVAL = 40; // while a past moment is looked at
const NO_FACE_PATIENCE = 800; // milliseconds without a face before the page says so
const STILL_MS = 1500; // for which a still picture is sent: until the smoothing has settled
const LONGEST_STEP = 200;
const DEFAULT_ASPECT = 4 / 3;

const element = (id) => document.getElementById(id);

const state = {
  phase: "idle", // "live", "paused", "ended": a film's last frame, "still": one that is read
  choice: null,
  labels: [],
  threshold: null, // the visitor's own; null leaves each model its own
  verdicts: new Map(), // by face and model
  last: null, // the last result's chosen face
  chosen: null,
  cameraBefore: false, // whether a camera ran before the film or portrait
  facing: "user",
  mirrored: { user: true, environment: false, film: false, still: false },
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
const recorder = new Recorder((canvas) => overlay.compose(canvas), (name, film) => {
  photos.addFilm(name, film);
});
const source = await openSource({ onState, onResult, onProblem, onLoading });
const card = new ShareCard();
const reference = new ReferenceControl(element("reference"), {
  source, say: panels.say, onView: (view) => { drawing.view = view; },
});
const people = new People(session, { who, onChoose: choose, onLook: look });
const photos = new Photos({ read: readPhoto, playFilm, models: chosenNames });

// --- What is looked at -------------------------------------------------------------------------

async function startCamera(which = { facingMode: state.facing }) {
  panels.say("Waiting for the camera. Your browser may ask for permission.", "wait");
  if (!await begin(() => feed.openCamera(which))) return;
  state.cameraBefore = true;
  await fillCameras();
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
  state.stillUntil = performance.now() + STILL_MS;
  setPhase("live");
  applyMirror();
  fitStage();
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
  state.verdicts.clear();
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
  const models = chosenNames();
  readouts.show(result, roundTrip);
  const isCurrent = result.faces.every((face) => models.every((name) => name in face.readings));
  if (!isCurrent) return; // the answer to a frame sent before the model was changed
  for (const face of result.faces) describeFace(face);
  overlay.update(result);
  session.record(result.faces, source.run);
  showChosen(result.faces);
  if (result.reference) reference.kept(result.reference);
  reference.update(feed.kind !== "still", state.last);
  showPresence(result.faces.length);
}

// Give a face its shape and one steady verdict for each chosen model.
function describeFace(face) {
  face.shape = normalise(face.points);
  face.verdicts = state.choice.chosen.map((described) => {
    const key = `${face.number} ${described.model.name}`;
    if (!state.verdicts.has(key)) state.verdicts.set(key, new Verdict());
    return withVerdict(face, described, state.verdicts.get(key));
  });
}

function withVerdict(face, described, verdict) {
  const { name: model } = described.model;
  const threshold = thresholdOf(described);
  const said = { ...verdict.update(face.readings[model], threshold), model, threshold };
  said.name = described.name;
  return face.readable === false ? unreadable(said) : said;
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
    state.stillUntil = performance.now() + STILL_MS;
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
  const { chosen } = state.choice;
  const result = await source.photo(file, { models: chosen.map(({ model }) => model.name) });
  for (const face of result.faces) {
    face.verdicts = chosen.map((described) => withVerdict(face, described, new Verdict()));
  }
  return result;
}

// --- Faces, past and present -------------------------------------------------------------------

function who() {
  const now = state.phase === "ended" ? state.endedAt : performance.now();
  const { chosen, labels } = state;
  return { run: source.run, model: chosenNames()[0], chosen, labels, now };
}

function showCharts(now = performance.now()) {
  if (!state.choice) return;
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
  const tag = element("drawing-tag");
  drawing.replay(moment?.points ?? null);
  tag.dataset.past = String(Boolean(moment));
  if (moment) tag.textContent = `Face ${moment.face}, ${Math.round(moment.ago)} s ago`;
  else showTag();
  if (moment) tag.hidden = false;
  const now = performance.now();
  if (!moment || now - state.lastChartsAt >= MARKER_INTERVAL) showCharts(now);
}

// --- Choices -----------------------------------------------------------------------------------

function chosenNames() {
  return state.choice.chosen.map(({ model }) => model.name);
}

function thresholdOf({ model }) {
  return state.threshold ?? model.uncertain_below ?? 0;
}

function configure() {
  const { chosen, isComparison } = state.choice;
  state.verdicts.clear();
  panels.buildAnswers(chosen, state.labels);
  showThreshold();
  source.configure({
    models: chosenNames(),
    smoothing: element("smoothing").getAttribute("aria-pressed") === "true",
    pixels: isComparison,
  });
  state.stillUntil = performance.now() + STILL_MS;
  showTag();
}

function showThreshold() {
  const { chosen } = state.choice;
  panels.showThreshold(chosen, thresholdOf(chosen[0]), state.threshold === null);
}

function setThreshold(value) {
  state.threshold = value;
  showThreshold();
  state.stillUntil = performance.now() + STILL_MS;
}

function fillReaders() {
  const { choice } = state;
  const segments = choice.readers.map(({ value, name }) => {
    const input = panels.make("input", {
      type: "radio", name: "reader", value, checked: value === choice.reader,
    });
    input.addEventListener("change", () => {
      choice.reader = value;
      configure();
    });
    return panels.make("label", {}, input, panels.make("span", {}, name));
  });
  element("readers").append(...segments);
  const select = element("labeller");
  select.replaceChildren(...choice.labellers.map(({ value, name }) => new Option(name, value)));
  select.value = choice.labeller;
  select.parentElement.hidden = choice.labellers.length < 2;
  select.addEventListener("change", () => {
    choice.labeller = select.value;
    configure();
  });
}

async function fillModels() {
  const models = await source.models();
  state.choice = new Choice(models);
  state.labels = models[0].labels;
  fillReaders();
  panels.showLegend(state.labels);
  showAccuracy(state.choice.models);
  configure();
}

async function fillCameras() {
  const cameras = await listCameras();
  const options = cameras.map(({ deviceId, label }, index) => (
    new Option(label || `Camera ${index + 1}`, deviceId, false, deviceId === feed.deviceId)
  ));
  if (options.length) element("camera").replaceChildren(...options);
  element("flip").hidden = cameras.length < 2;
}

// Phones have a front and a back; elsewhere the next camera is the other one.
function flipCamera() {
  const { facingMode } = element("video").srcObject?.getVideoTracks()[0]?.getSettings() ?? {};
  if (facingMode) {
    state.facing = facingMode === "environment" ? "user" : "environment";
    startCamera();
    return;
  }
  const select = element("camera");
  select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  startCamera({ deviceId: select.value });
}

function mirrorKind() {
  return feed.kind === "camera" || !feed.kind ? state.facing : feed.kind;
}

function toggleMirror() {
  state.mirrored[mirrorKind()] = !state.mirrored[mirrorKind()];
  applyMirror();
}

function applyMirror() {
  const mirrored = state.mirrored[mirrorKind()];
  overlay.mirrored = mirrored;
  drawing.mirrored = mirrored;
  element("mirror").setAttribute("aria-pressed", String(mirrored));
  element("live").classList.toggle("mirrored", mirrored);
  showTag();
}

function toggle(id) {
  const pressed = element(id).getAttribute("aria-pressed") !== "true";
  element(id).setAttribute("aria-pressed", String(pressed));
  return pressed;
}

function toggleExact() {
  drawing.exact = toggle("exact");
  showTag();
}

function toggleLines() {
  drawing.everyone = toggle("lines");
  element("live").dataset.view = drawing.everyone ? "lines" : "picture";
  showTag();
}

function showTag() {
  const tag = element("drawing-tag");
  tag.dataset.past = "false";
  tag.hidden = !drawing.exact;
  tag.textContent = overlay.mirrored
    ? "48 × 48 pixels, mirrored as the picture is" : "48 × 48 pixels, as the model sees them";
}

function fitStage() {
  const [width, height] = feed.size;
  const aspect = width && height ? width / height : DEFAULT_ASPECT;
  element("live").style.setProperty("--aspect", Math.min(16 / 9, Math.max(3 / 4, aspect)));
}

function saveSnapshot() {
  const canvas = document.createElement("canvas");
  overlay.compose(canvas);
  canvas.toBlob((blob) => download("facelines.png", blob, "image/png"));
}

function openCard() {
  if (element("share").disabled) return;
  const photograph = document.createElement("canvas");
  overlay.compose(photograph, { marks: false });
  const { verdicts, readings } = state.last;
  const described = state.choice.chosen;
  card.show({ points: drawing.shown, verdicts, readings, described, photograph });
}

// --- Doors -------------------------------------------------------------------------------------

function prepareButtons() {
  const actions = {
    start: () => startCamera(),
    stop: () => stop(),
    pause: togglePause,
    flip: flipCamera,
    again: () => playFilm(state.film),
    "to-camera": () => startCamera(),
    mirror: toggleMirror,
    smoothing: () => {
      toggle("smoothing");
      configure();
    },
    exact: toggleExact,
    lines: toggleLines,
    share: openCard,
    snapshot: saveSnapshot,
    "save-csv": () => download("facelines.csv", session.toCsv(), "text/csv"),
    "save-json": () => download("facelines.json", session.toJson(), "application/json"),
    "clear-session": () => {
      session.clear();
      showCharts();
    },
    "threshold-reset": () => setThreshold(null),
  };
  for (const [id, action] of Object.entries(actions)) element(id).addEventListener("click", action);
  for (const each of document.querySelectorAll("[data-code]")) {
    each.addEventListener("click", () => showCode(chosenNames(), "photo.jpg"));
  }
  element("threshold").addEventListener("input", (event) => {
    setThreshold(Number(event.target.value));
  });
  element("camera").addEventListener("change", (event) => {
    if (feed.kind === "camera") startCamera({ deviceId: event.target.value });
  });
  element("video").addEventListener("resize", fitStage);
  element("overlay").addEventListener("click", (event) => {
    const number = overlay.faceAt(event);
    if (number !== null) choose(number);
  });
}

function prepareKeys() {
  prepareShortcuts({
    s: () => (state.phase === "idle" ? startCamera() : stop()),
    p: togglePause,
    l: toggleLines,
    e: toggleExact,
    c: openCard,
    r: () => people.toggleReplay(),
    n: chooseNext,
    m: toggleMirror,
    o: () => element("smoothing").click(),
    t: () => element("theme").click(),
    "?": () => element("help").showModal(),
  });
}

async function prepare() {
  applyMirror();
  fitStage();
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
