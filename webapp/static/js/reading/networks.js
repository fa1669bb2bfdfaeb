// LiteRT runs the networks. Every file is loaded from the page's own host and checked by its hash.

const RUNTIME = "runtime/litert.js";
const CHATTER = /^(INFO|WARNING|VERBOSE):/; // what LiteRT says of itself when all is well

export class Networks {
  // files: see files.js.
  constructor(files) {
    this.files = files;
    this.models = new Map();
  }

  async start() {
    this.runtime = await import(this.files.address(RUNTIME));
    const hasRelaxedSimd = await this.runtime.supportsFeature("relaxedSimd");
    const loader = `runtime/litert_wasm_${hasRelaxedSimd ? "" : "compat_"}internal.js`;
    const wasmBinary = await this.files.load(loader.replace(/js$/, "wasm"));
    await this.files.load(loader); // its hash, before it runs
    self.Module = { wasmBinary, print: log, printErr: log };
    await withoutGpu(() => this.runtime.loadLiteRt(this.files.address(loader)));
  }

  // Get a network ready under the name that `run` knows it by.
  async add(name, path) {
    const bytes = new Uint8Array(await this.files.load(path));
    this.models.set(name, await this.runtime.loadAndCompile(bytes, { accelerator: "wasm" }));
  }

  // inputs: Float32Array by the network's own names of them; of a network with one input, under
  // any name. Outputs likewise.
  async run(name, inputs) {
    const model = this.models.get(name);
    const details = model.getInputDetails();
    const tensors = details.map(({ name: input, shape }) => (
      new this.runtime.Tensor(inputs[input] ?? Object.values(inputs)[0], [...shape])
    ));
    const outputs = await model.run(tensors);
    const values = model.getOutputDetails().map(({ name: output }, index) => (
      [output, outputs[index].toTypedArray().slice()]
    ));
    for (const tensor of [...tensors, ...outputs]) tensor.delete();
    return Object.fromEntries(values);
  }
}

// LiteRT asks for a graphics card when it starts, which networks this small gain nothing from, and
// warns where there is none.
async function withoutGpu(start) {
  const { warn } = console;
  Object.defineProperty(navigator, "gpu", { value: undefined, configurable: true });
  console.warn = () => {};
  try {
    await start();
  } finally {
    console.warn = warn;
    delete navigator.gpu;
  }
}

function log(line) {
  if (!CHATTER.test(line)) console.error(line);
}
