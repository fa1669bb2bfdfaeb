// The site's files, each checked by its SHA-256 before it is used, and kept for later visits
// without a network.

export class Files {
  // base: the site's address; table: { path: { sha256, bytes } }; cache: name of the browser's
  // store; onProgress(bytes) is told of what has come.
  constructor({ base, table, cache, onProgress }) {
    Object.assign(this, { base, table, cache, onProgress });
  }

  address(path) {
    return new URL(path, this.base).href;
  }

  // Return a file as an ArrayBuffer.
  async load(path) {
    const store = await self.caches?.open(this.cache);
    const known = await store?.match(this.address(path));
    const response = known ?? await this.#fetch(path);
    const bytes = await this.#read(response);
    await this.#check(path, bytes);
    if (!known) await store?.put(this.address(path), copyOf(bytes, response));
    return bytes;
  }

  async #fetch(path) {
    const response = await fetch(this.address(path)).catch(() => null);
    if (response?.ok) return response;
    const reason = response ? `its host answered ${response.status}` : "its host does not answer";
    throw new Error(`${path} could not be loaded: ${reason}. Reload the page.`);
  }

  async #read(response) {
    const parts = [];
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts).arrayBuffer();
      parts.push(value);
      this.onProgress(value.length);
    }
  }

  async #check(path, bytes) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const found = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const { sha256: expected } = this.table[path];
    if (found === expected) return;
    throw new Error(
      `${path} is not the file that this page was made with (SHA-256 ${found.slice(0, 12)}..., `
      + `expected ${expected.slice(0, 12)}...). Reload the page; if that does not help, its host `
      + "must copy the site again.",
    );
  }
}

function copyOf(bytes, { headers }) {
  return new Response(bytes, { headers: { "Content-Type": headers.get("Content-Type") } });
}
