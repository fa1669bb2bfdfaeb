// The thread that reads. Messages in: { id, task, ... }; out: { id, result } or { id, error }, a
// sentence, and { loaded }: bytes that have come.
//
// A classic worker, for LiteRT's loader is a classic script; its own modules are imported below.

let reader = null;
let images = null; // the module
let canvas = null;

const tasks = {
  async start({ base, site }) {
    const modules = ["files", "networks", "reader", "images"].map((name) => (
      import(new URL(`static/js/reading/${name}.js`, base))
    ));
    const [{ Files }, { Networks }, { Reader }] = await Promise.all(modules);
    images = await modules.at(-1);
    const onProgress = (loaded) => self.postMessage({ loaded });
    const networks = new Networks(new Files({
      base, table: site.files, cache: site.cache, onProgress,
    }));
    await networks.start();
    for (const [name, path] of Object.entries(site.networks)) await networks.add(name, path);
    reader = new Reader(networks, site);
  },

  async restart() {
    reader.restart();
  },

  async frame({ picture, seconds, settings }) {
    return reader.frame(grayOf(picture), seconds, settings);
  },

  async photo({ file, settings }) {
    const picture = await createImageBitmap(file).catch(() => {
      throw new Error(`${file.name || "This picture"} cannot be read. Try JPEG, PNG or WebP.`);
    });
    return reader.photo(grayOf(picture, "white"), settings);
  },
};

// The gray picture of an ImageBitmap, which is closed; what is transparent gets a background.
function grayOf(picture, background = null) {
  const { width, height } = picture;
  if (canvas?.width !== width || canvas?.height !== height) {
    canvas = new OffscreenCanvas(width, height);
  }
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (background) {
    context.fillStyle = background;
    context.fillRect(0, 0, width, height);
  }
  context.drawImage(picture, 0, 0);
  picture.close();
  return images.grayOf(context.getImageData(0, 0, width, height));
}

self.addEventListener("message", async ({ data: { id, task, ...values } }) => {
  try {
    self.postMessage({ id, result: await tasks[task](values) });
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
});
