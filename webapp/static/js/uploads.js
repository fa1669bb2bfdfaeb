// Photos: sent to the server one by one, shown annotated. Videos go to the stage.

import { drawFace } from "./overlay.js";
import { download } from "./history.js";
import { faceColour } from "./shapes.js";

const TRIES = 5;

const element = (id) => document.getElementById(id);

// options: { model(): string, playVideo(file) }
export function prepareUploads(options) {
  const take = (files) => takeFiles([...files], options);
  element("files").addEventListener("change", (event) => {
    take(event.target.files);
    event.target.value = ""; // so that the same file can be chosen again
  });
  const drop = element("drop");
  // The whole page takes files: one dropped beside the area would replace the page.
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
}

async function takeFiles(files, { model, playVideo }) {
  for (const file of files) {
    if (file.type.startsWith("video/")) playVideo(file);
    else await showPhoto(file, model());
  }
}

async function showPhoto(file, model) {
  const card = newCard(file.name || "Pasted picture");
  try {
    const result = await predict(file, model);
    const canvas = await annotated(file, result, model);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", summary(result, model));
    card.root.prepend(canvas);
    card.text.textContent = summary(result, model);
    card.body.append(downloadButton(canvas, file.name));
  } catch (error) {
    card.root.classList.add("failed");
    card.text.textContent = error.message;
  }
}

function newCard(title) {
  const root = document.createElement("article");
  root.className = "result";
  const body = document.createElement("div");
  const heading = document.createElement("h3");
  heading.textContent = title;
  const text = document.createElement("p");
  text.className = "fine";
  text.textContent = "Reading …";
  body.append(heading, text);
  root.append(body);
  element("gallery").prepend(root);
  return { root, body, text };
}

async function predict(file, model) {
  for (let attempt = 1; ; attempt += 1) {
    const response = await post(file, model);
    if (response.ok) return response.json();
    if (response.status !== 503 || attempt === TRIES) {
      const answer = await response.json().catch(() => ({}));
      throw new Error(answer.error ?? `The server answered ${response.status}; try again.`);
    }
    const seconds = Number(response.headers.get("Retry-After")) || 3;
    await new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });
  }
}

async function post(file, model) {
  try {
    return await fetch(`/api/predict?model=${encodeURIComponent(model)}`, {
      method: "POST",
      body: file,
    });
  } catch {
    throw new Error("The server cannot be reached. Check that it runs, then try again.");
  }
}

async function annotated(file, result, model) {
  const picture = await createImageBitmap(file);
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  // Labels are drawn for a picture about 640 pixels wide and scaled with it.
  const scale = Math.max(canvas.width / 640, 0.25);
  context.scale(scale, scale);
  const place = { scale: 1 / scale, left: 0, top: 0, mirrorWidth: null };
  result.faces.forEach((face, index) => {
    const numbered = { ...face, number: index + 1, reading: face.readings[model] };
    drawFace(context, numbered, place, faceColour(index + 1), false);
  });
  return canvas;
}

function summary(result, model) {
  if (!result.faces.length) {
    return "No face was found. Faces turned away, covered or very small are often missed.";
  }
  return result.faces.map((face, index) => {
    const { emotion, best, confidence } = face.readings[model];
    const nearest = emotion === best ? "" : `, nearest ${best}`;
    return `Face ${index + 1}: ${emotion}${nearest} (${Math.round(100 * confidence)} %)`;
  }).join("; ");
}

function downloadButton(canvas, name) {
  return saveButton("Download annotated", () => {
    canvas.toBlob((blob) => download(annotatedName(name, "png"), blob, "image/png"));
  });
}

// Offer the annotated film of a video that was played on the stage.
export function showRecording(name, film) {
  const card = newCard(name);
  card.text.textContent = "The video as it was played, with boxes, points and labels.";
  card.body.append(saveButton("Download annotated video", () => {
    download(annotatedName(name, "webm"), film, "video/webm");
  }));
}

function annotatedName(name, ending) {
  return `${(name || "picture").replace(/\.[^.]*$/, "")}-facelines.${ending}`;
}

function saveButton(text, save) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", save);
  return button;
}
