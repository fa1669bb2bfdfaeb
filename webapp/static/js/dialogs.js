// About, shortcuts and the theme.

import { fullName } from "./names.js";

const THEMES = ["auto", "light", "dark"];
const THEME_KEY = "facelines-theme";

const element = (id) => document.getElementById(id);

export function prepareDialogs(onThemeChange) {
  for (const name of ["about", "help"]) {
    element(`open-${name}`).addEventListener("click", () => element(name).showModal());
  }
  element("theme").addEventListener("click", () => nextTheme(onThemeChange));
  applyTheme(localStorage.getItem(THEME_KEY) ?? "auto");
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onThemeChange);
}

function nextTheme(onThemeChange) {
  const now = document.documentElement.dataset.theme ?? "auto";
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  localStorage.setItem(THEME_KEY, next);
  applyTheme(next);
  onThemeChange();
}

function applyTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  element("theme").querySelector("output").textContent = theme;
}

// Single keys press buttons; they rest while something is typed or a dialog is open. (A dialog just
// closed keeps the focus until the next frame.)
export function prepareShortcuts(actions) {
  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest("input:not([type=checkbox]), select, textarea, dialog[open]");
    const combined = event.ctrlKey || event.metaKey || event.altKey;
    const action = actions[event.key.toLowerCase()];
    if (busy || combined || !action || !element("shortcuts-on").checked) return;
    event.preventDefault();
    action();
  });
}

// How often each described model is right, by label, as its card says.
export function showAccuracy(models) {
  const tables = models.filter(({ model }) => model.metrics?.per_class).map(accuracyTable);
  const note = document.createElement("p");
  note.textContent = "These models come without measured figures.";
  element("accuracy").replaceChildren(...(tables.length ? tables : [note]));
}

function accuracyTable(described) {
  const { labels, metrics } = described.model;
  const table = document.createElement("table");
  const caption = table.createCaption();
  const accuracy = Number.isFinite(metrics.accuracy)
    ? `${(100 * metrics.accuracy).toFixed(1)} % of all test pictures` : "accuracy not stated";
  caption.textContent = `${fullName(described)}: ${accuracy}`;
  const head = table.createTHead().insertRow();
  for (const title of ["Label", "found (recall)", "right when said (precision)"]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const label of labels) {
    const figures = metrics.per_class[label] ?? {};
    const row = body.insertRow();
    const heading = document.createElement("th");
    heading.scope = "row";
    heading.textContent = label;
    row.append(heading);
    row.insertCell().textContent = share(figures.recall);
    row.insertCell().textContent = share(figures.precision);
  }
  return table;
}

function share(value) {
  return Number.isFinite(value) ? `${(100 * value).toFixed(0)} %` : "–";
}
