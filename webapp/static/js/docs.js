// Shows /openapi.json, so that the API's description is read without any other site.

function make(tag, text, className) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function definitions(pairs) {
  const list = make("dl");
  for (const [term, text] of pairs) list.append(make("dt", term), make("dd", text));
  return list;
}

function operation(path, method, details) {
  const block = make("section", "", "operation");
  const heading = make("h3", path);
  heading.prepend(make("span", method.toUpperCase()));
  block.append(heading, make("p", `${details.summary}.`));
  if (details.description) block.append(make("p", details.description, "fine"));
  const parameters = (details.parameters ?? []).map(({ name, description }) => [
    `?${name}=`, description,
  ]);
  const body = details.requestBody
    ? [["body", `${details.requestBody.description} Raw, or as the one file of a form.`]] : [];
  const answers = Object.entries(details.responses).map(([status, { description }]) => [
    status, description,
  ]);
  block.append(definitions([...parameters, ...body, ...answers]));
  return block;
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.type === "array") return `list of ${typeOf(schema.items)}`;
  if (schema.additionalProperties) return `${typeOf(schema.additionalProperties)} by name`;
  return schema.type;
}

function schemaBlock(name, schema) {
  const parts = schema.allOf ?? [schema];
  const block = make("section", "", "operation");
  block.append(make("h3", name));
  if (schema.enum) block.append(make("p", `${schema.description} ${schema.enum.join(", ")}`));
  for (const part of parts) {
    if (part.$ref) block.append(make("p", `Everything of ${typeOf(part)}, and:`, "fine"));
    block.append(definitions(Object.entries(part.properties ?? {}).map(([key, value]) => [
      key, [typeOf(value), value.description].filter(Boolean).join(". "),
    ])));
  }
  return block;
}

const description = await (await fetch("/openapi.json")).json();
document.getElementById("description").textContent = description.info.description;
for (const [path, methods] of Object.entries(description.paths)) {
  for (const [method, details] of Object.entries(methods)) {
    document.getElementById("paths").append(operation(path, method, details));
  }
}
for (const [name, schema] of Object.entries(description.components.schemas)) {
  document.getElementById("schemas").append(schemaBlock(name, schema));
}
