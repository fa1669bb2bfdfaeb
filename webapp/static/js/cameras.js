// Which camera: the list of them, and on phones the front one and the back one.

import { listCameras } from "./feed.js";

const element = (id) => document.getElementById(id);

export class Cameras {
  // onChoose(which): another camera is to be opened, { deviceId } or { facingMode }.
  constructor(feed, onChoose) {
    this.feed = feed;
    this.onChoose = onChoose;
    this.facing = "user";
    element("flip").addEventListener("click", () => this.#flip());
    element("camera").addEventListener("change", (event) => {
      if (feed.kind === "camera") onChoose({ deviceId: event.target.value });
    });
  }

  async list() {
    const cameras = await listCameras();
    const { deviceId: current } = this.feed;
    const options = cameras.map(({ deviceId, label }, index) => (
      new Option(label || `Camera ${index + 1}`, deviceId, false, deviceId === current)
    ));
    if (options.length) element("camera").replaceChildren(...options);
    element("flip").hidden = cameras.length < 2;
  }

  // Phones have a front and a back; elsewhere the next camera is the other one.
  #flip() {
    const track = element("video").srcObject?.getVideoTracks()[0];
    if (track?.getSettings().facingMode) {
      this.facing = this.facing === "environment" ? "user" : "environment";
      this.onChoose({ facingMode: this.facing });
      return;
    }
    const select = element("camera");
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    this.onChoose({ deviceId: select.value });
  }
}
