// "Use it from code": commands that do what the page just did, filled in.

import { button, make } from "./panels.js";

const element = (id) => document.getElementById(id);

// models: names; file: the photo's name.
export function snippets(models, file, origin = location.origin) {
  const query = new URLSearchParams([...models.map((model) => ["model", model]), ["drawing", "1"]]);
  const address = `${origin}/api/predict?${query}`;
  return {
    curl: `curl --data-binary @${shellQuoted(file)} '${address}'`,
    Python: [
      "import json, urllib.request",
      "",
      `address = ${JSON.stringify(address)}`,
      `photo = open(${JSON.stringify(file)}, "rb").read()`,
      "answer = urllib.request.urlopen(address, photo)",
      'for face in json.load(answer)["faces"]:',
      `    print(face["box"], face["readings"][${JSON.stringify(models[0])}])`,
    ].join("\n"),
    JavaScript: [
      `const answer = await fetch(${JSON.stringify(address)}, {`,
      '  method: "POST",',
      '  body: document.querySelector("input[type=file]").files[0],',
      "});",
      "for (const face of (await answer.json()).faces) {",
      `  console.log(face.box, face.readings[${JSON.stringify(models[0])}]);`,
      "}",
    ].join("\n"),
  };
}

function shellQuoted(name) {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

export function showCode(models, file) {
  element("code-note").textContent =
    "A photo in, every face out: box, 51 points, the drawing, probabilities. Pages of other sites "
    + "need --allow-origin; live frames go over the socket /live, as the API's page says.";
  const blocks = Object.entries(snippets(models, file)).map(([language, text]) => {
    const code = make("pre", { tabIndex: 0 }, make("code", {}, text));
    code.setAttribute("aria-label", language);
    const copy = button("Copy", async () => {
      await copied(text, code);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    }, { className: "quiet" });
    return make("section", { className: "snippet" },
      make("div", { className: "card-head" }, make("h3", {}, language), copy), code);
  });
  const link = make("a", { href: "/docs" }, "The whole API");
  element("code-body").replaceChildren(...blocks, make("p", {}, link));
  element("code").showModal();
}

// Without a secure context there is no clipboard: then the text is at least selected.
async function copied(text, code) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(code);
  }
}
