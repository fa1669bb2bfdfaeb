// Wires camera, socket and panels together.

import { CameraProblem, listCameras, Source } from "./camera.js";
import { Connection } from "./connection.js";
import { prepareDialogs, prepareShortcuts, showAccuracy } from "./dialogs.js";
import { download, Session } from "./history.js";
import { Overlay } from "./overlay.js";
import * as panels from "./panels.js";
import { Recorder } from "./recorder.js";
import { prepareUploads, showRecording } from "./uploads.js";

const FRAME_INTERVAL = 36; // milliseconds; faster than this gains nothing that eyes can see
const CHARTS_INTERVAL = 200;
const NO_FACE_PATIENCE = 800; // milliseconds without a face before the page says so

const element = (id) => document.getElementById(id);

const state = {
  running: false,
  paused: false,
  labels: [],
  chosen: null,
  lastFaceAt: 0,
  lastSentAt: 0,
  lastChartsAt: 0,
  grabbing: false,
};
const session = new Session();
const readouts = new panels.Readouts();
const source = new Source(element("video"), stop);
const overlay = new Overlay(element("overlay"), element("video"));
const recorder = new Recorder((canvas) => overlay.compose(canvas), showRecording);
const connection = new Connection({ onState, onResult, onProblem: showProblem });

async function start() {
  panels.say("Waiting for the camera. Your browser may ask for permission.", "wait");
  await begin(() => source.openCamera(element("camera").value));
  if (state.running) await fillCameras();
}

async function playVideo(file) {
  stop();
  setMirror(false);
  await begin(() => source.openFile(file));
  if (state.running) recorder.start(file.name);
}

async function begin(open) {
  try {
    await open();
  } catch (error) {
    if (!(error instanceof CameraProblem)) throw error;
    stop();
    panels.say(error.message, "problem");
    return;
  }
  state.running = true;
  state.lastFaceAt = performance.now();
  setPaused(false);
  fitStage();
  connection.open();
  overlay.start();
  nextFrame();
}

function stop(reason = "Stopped.") {
  recorder.stop();
  state.running = false;
  source.close();
  connection.close();
  overlay.stop();
  overlay.clear();
  readouts.clear();
  panels.showNoFace();
  setPaused(false);
  panels.say(typeof reason === "string" ? reason : "Stopped.");
}

// Called for each new picture of the camera: send it unless one is still being answered.
function nextFrame() {
  if (!state.running) return;
  const video = element("video");
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(nextFrame);
  else requestAnimationFrame(nextFrame);
  if (state.paused) return;
  connection.open(); // does nothing unless the server closed it in a long pause
  sendFrame();
}

async function sendFrame() {
  const now = performance.now();
  const due = now - state.lastSentAt >= FRAME_INTERVAL;
  if (state.grabbing || !due || !connection.isFree) return;
  state.grabbing = true;
  state.lastSentAt = now;
  const frame = await source.grab();
  state.grabbing = false;
  if (frame && state.running && !state.paused) connection.send(frame);
}

function onResult(result, roundTrip) {
  if (!state.running || state.paused) return;
  const models = chosenModels();
  readouts.show(result, roundTrip);
  if (!result.faces.every((face) => models[0] in face.readings)) return; // model just changed
  overlay.update(result, models[0]);
  session.record(result, connection.run, models[0]);
  showChosen(result, models);
  showPresence(result.faces.length);
  showCharts();
}

function showChosen(result, models) {
  const numbers = result.faces.map((face) => face.number);
  if (!numbers.includes(state.chosen)) state.chosen = numbers[0] ?? state.chosen;
  overlay.chosen = state.chosen;
  const face = result.faces.find(({ number }) => number === state.chosen);
  if (!face) {
    panels.showNoFace();
    return;
  }
  panels.showFaces(numbers, state.chosen, choose);
  panels.showFace(face, models);
}

function showPresence(count) {
  const now = performance.now();
  if (count) state.lastFaceAt = now;
  if (count) panels.say(count === 1 ? "1 face in view." : `${count} faces in view.`, "good");
  else if (now - state.lastFaceAt > NO_FACE_PATIENCE) {
    panels.say("No face in view. Look towards the camera, with light on your face.", "wait");
  }
}

function showCharts({ now = performance.now(), always = false } = {}) {
  if (!always && now - state.lastChartsAt < CHARTS_INTERVAL) return;
  state.lastChartsAt = now;
  const who = { run: connection.run, face: state.chosen, model: chosenModels()[0] };
  panels.showSession(session, who, state.labels);
}

function onState(connectionState, seconds) {
  element("stage").dataset.connection = connectionState;
  if (!state.running) return;
  if (connectionState === "lost") {
    overlay.clear();
    panels.say(`The connection dropped. Trying again in ${seconds} s; nothing to do.`, "wait");
  } else if (connectionState === "busy") {
    panels.say(`The server is busy with other people. Trying again in ${seconds} s.`, "wait");
  } else if (connectionState === "open") {
    overlay.clear(); // the server counts faces from 1 again
    state.chosen = null;
    panels.say("Connected. Looking for a face.", "good");
  }
}

function showProblem(message) {
  panels.say(message, "problem");
}

function choose(number) {
  state.chosen = number;
  overlay.chosen = number;
  showCharts({ always: true });
}

function chooseNext() {
  const buttons = [...element("faces").children];
  const index = buttons.findIndex((button) => Number(button.dataset.number) === state.chosen);
  if (buttons.length) choose(Number(buttons[(index + 1) % buttons.length].dataset.number));
}

function setPaused(paused) {
  state.paused = paused;
  element("pause").setAttribute("aria-pressed", String(paused));
  element("pause").textContent = paused ? "Go on" : "Pause";
  element("stage").dataset.state = !state.running ? "idle" : paused ? "paused" : "live";
  for (const id of ["stop", "pause", "snapshot"]) element(id).disabled = !state.running;
  if (!state.running) return;
  if (paused) element("video").pause();
  else element("video").play();
  if (paused) panels.say("Paused. Nothing is sent.");
}

function setMirror(mirrored) {
  overlay.mirrored = mirrored;
  element("mirror").setAttribute("aria-pressed", String(mirrored));
  element("stage").classList.toggle("mirrored", mirrored);
}

function toggleSmoothing() {
  const button = element("smoothing");
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  configure();
}

function chosenModels() {
  const names = [element("model").value, element("second-model").value];
  return [...new Set(names.filter(Boolean))];
}

function configure() {
  const models = chosenModels();
  panels.buildBars(models, state.labels);
  connection.configure({
    models,
    smoothing: element("smoothing").getAttribute("aria-pressed") === "true",
  });
}

function fitStage() {
  const { videoWidth, videoHeight } = element("video");
  if (videoWidth) element("stage").style.aspectRatio = `${videoWidth} / ${videoHeight}`;
}

async function fillCameras() {
  const select = element("camera");
  const current = element("video").srcObject?.getVideoTracks()[0]?.getSettings().deviceId;
  const options = (await listCameras()).map(({ deviceId, label }, index) => {
    return new Option(label || `Camera ${index + 1}`, deviceId, false, deviceId === current);
  });
  if (options.length) select.replaceChildren(...options);
}

async function fillModels() {
  const { models } = await (await fetch("/api/models")).json();
  state.labels = models[0].labels;
  element("model").replaceChildren(...models.map(({ name }) => new Option(name, name)));
  element("second-model").append(...models.map(({ name }) => new Option(name, name)));
  panels.showLegend(state.labels);
  showAccuracy(models);
  configure();
}

function prepareButtons() {
  const onClick = (id, action) => element(id).addEventListener("click", () => action());
  onClick("start", start);
  onClick("stop", stop);
  onClick("pause", togglePause);
  onClick("mirror", () => setMirror(!overlay.mirrored));
  onClick("smoothing", toggleSmoothing);
  onClick("snapshot", () => {
    const canvas = document.createElement("canvas");
    overlay.compose(canvas);
    canvas.toBlob((blob) => download("facelines.png", blob, "image/png"));
  });
  onClick("save-csv", () => download("facelines.csv", session.toCsv(), "text/csv"));
  onClick("save-json", () => download("facelines.json", session.toJson(), "application/json"));
  onClick("clear-session", () => {
    session.clear();
    showCharts({ always: true });
  });
  element("model").addEventListener("change", configure);
  element("second-model").addEventListener("change", configure);
  element("camera").addEventListener("change", () => {
    if (source.kind === "camera") start();
  });
  element("video").addEventListener("resize", fitStage);
  element("overlay").addEventListener("click", (event) => {
    const number = overlay.faceAt(event);
    if (number !== null) choose(number);
  });
}

function togglePause() {
  if (state.running) setPaused(!state.paused);
}

async function prepare() {
  panels.drawWelcome();
  setMirror(true);
  prepareButtons();
  prepareUploads({ model: () => chosenModels()[0], playVideo });
  prepareDialogs(() => showCharts({ always: true }));
  prepareShortcuts({
    s: () => (state.running ? stop() : start()),
    p: togglePause,
    n: chooseNext,
    m: () => setMirror(!overlay.mirrored),
    o: toggleSmoothing,
    t: () => element("theme").click(),
    "?": () => element("help").showModal(),
  });
  try {
    await fillModels();
    showCharts({ always: true });
  } catch {
    panels.say("The server does not answer. Check that it runs, then reload this page.", "problem");
  }
}

prepare();
