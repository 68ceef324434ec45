// Photos and recordings: the screen makes a photo smaller and a preview of it before it is kept.
"use strict";

const PHOTO_PX = 1600, PREVIEW_PX = 240, LONGEST_MS = 180000;

const give = (input, blob, name) => {
  const list = new DataTransfer();
  list.items.add(new File([blob], name, { type: blob.type }));
  input.files = list.files;
};

// A re-drawn photo also leaves behind where it was taken and with which telephone.
const shrunk = async (picture, most, quality) => {
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
};

const photo = document.querySelector("[data-photo]");
photo?.elements.file.addEventListener("change", async ({ target }) => {
  const chosen = target.files[0];
  if (!chosen) return;
  try {
    const picture = await createImageBitmap(chosen, { imageOrientation: "from-image" });
    give(photo.elements.preview, await shrunk(picture, PREVIEW_PX, 0.6), "preview.jpg");
    give(target, await shrunk(picture, PHOTO_PX, 0.8), "photo.jpg");
  } catch {
    // The box judges it as it is.
  }
  photo.requestSubmit();
});

const voice = document.querySelector("[data-voice]");
voice?.elements.file.addEventListener("change", ({ target }) => {
  if (target.files.length) voice.requestSubmit();
});

// Where the browser may listen itself (at the box's own screen), no file is chosen.
const button = voice?.querySelector("[data-record]");
if (button && navigator.mediaDevices?.getUserMedia && window.MediaRecorder) {
  button.hidden = false;
  voice.querySelector("[data-pick]").hidden = true;
  voice.elements.file.hidden = true;
  let recorder = null;
  const show = (busy) => {
    button.querySelector("[data-idle]").hidden = busy;
    button.querySelector("[data-busy]").hidden = !busy;
  };
  const begin = async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const parts = [], began = Date.now();
    recorder = new MediaRecorder(stream, { audioBitsPerSecond: 24000 });
    const tick = setInterval(() => {
      const s = Math.floor((Date.now() - began) / 1000);
      button.querySelector("[data-clock]").textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
      if (s * 1000 >= LONGEST_MS) recorder?.stop();
    }, 500);
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    recorder.addEventListener("stop", () => {
      clearInterval(tick);
      for (const track of stream.getTracks()) track.stop();
      recorder = null;
      show(false);
      give(voice.elements.file, new Blob(parts, { type: parts[0].type }), "recording");
      voice.requestSubmit();
    });
    recorder.start();
    show(true);
  };
  button.addEventListener("click", () => {
    if (recorder) { recorder.stop(); return; }
    begin().catch(() => {  // no microphone, or nobody allows it: choose a file instead
      button.hidden = true;
      voice.querySelector("[data-pick]").hidden = false;
      voice.elements.file.hidden = false;
    });
  });
}
