// Counting by taps: breaths in sixty seconds, and the time until a nail is pink again.
"use strict";

const left = document.querySelector("[data-left]");
const result = document.querySelector("form[data-result]");
const offer = (value, text) => {
  result.elements.value.value = value;
  result.querySelector("[data-result-text]").textContent = text;
  result.hidden = false;
  result.querySelector("button").focus();
};

const tap = document.getElementById("breaths");
if (tap) {
  const seconds = Number(tap.dataset.seconds);
  const shown = tap.querySelector("[data-count]");
  let taps = [], begun = 0, timer = 0;
  const show = () => {
    const gone = begun ? (performance.now() - begun) / 1000 : 0;
    const rest = Math.max(0, Math.ceil(seconds - gone));
    left.textContent = `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
    shown.textContent = String(taps.length);
    if (!begun || gone < seconds) return;
    clearInterval(timer);
    tap.disabled = true;
    offer(taps.length, `${taps.length} /min`);
  };
  tap.addEventListener("pointerdown", () => {
    if (tap.disabled) return;
    if (!begun) {
      begun = performance.now();
      timer = setInterval(show, 100);
    }
    taps.push(performance.now());
    show();
  });
  tap.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.repeat) return;
    event.preventDefault();
    tap.dispatchEvent(new PointerEvent("pointerdown"));
  });
  document.querySelector("[data-undo]").addEventListener("click", () => {
    taps.pop();
    shown.textContent = String(taps.length);
    if (tap.disabled) offer(taps.length, `${taps.length} /min`);
  });
  document.querySelector("[data-anew]").addEventListener("click", () => {
    clearInterval(timer);
    [taps, begun, tap.disabled, result.hidden] = [[], 0, false, true];
    show();
  });
}

const refill = document.getElementById("refill");
if (refill) {
  let released = 0, timer = 0;
  const say = (word) => {
    for (const text of refill.querySelectorAll("[data-say]")) text.hidden = text.dataset.say !== word;
  };
  const gone = () => ((performance.now() - released) / 1000).toFixed(1);
  const anew = () => {
    clearInterval(timer);
    [released, refill.disabled, result.hidden, left.textContent] = [0, false, true, "0.0"];
    say("release");
  };
  refill.addEventListener("pointerdown", () => {
    if (!released) {
      released = performance.now();
      timer = setInterval(() => { left.textContent = gone(); }, 100);
      say("pink");
      return;
    }
    clearInterval(timer);
    left.textContent = gone();
    refill.disabled = true;
    say("done");
    offer(left.textContent, `${left.textContent} s`);
  });
  document.querySelector("[data-anew]").addEventListener("click", anew);
}
