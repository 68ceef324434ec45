// A scanner types like a keyboard, only faster, and ends with Enter or Tab. A code is whole, or it
// is refused: no part of one ever counts as a code.
"use strict";

const MACHINE_MS = 50;     // between two keys of a scanner that does not stutter
const TOGETHER_MS = 1000;  // a longer rest than this parts two codes, or a hand and a scanner
const SETTLE_MS = 10;      // what begins so soon after the page may have begun before it
const SHORTEST = 3;        // characters of a scanned code
const READY_AT = performance.now();

// When the page before got a key of a code that had not ended there: the rest of it comes here.
const epoch = (event) => performance.timeOrigin + event.timeStamp;
const begunBefore = Number(sessionStorage.codeBegun ?? 0);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === "Tab") sessionStorage.removeItem("codeBegun");
  else if (event.key.length === 1) sessionStorage.codeBegun = epoch(event);
}, true);

// The characters of a card's number, as `edge.patients.cards` reads them.
const CARD = /^[\p{Nd}A-Za-z]+(?:[-.\/#][\p{Nd}A-Za-z]+)*$/u;
const SHIFTED = ")!@#$%^&*(";
const SIGNS = {
  Minus: "-_", NumpadSubtract: "--", Slash: "/?", NumpadDivide: "//", Period: ".>", NumpadDecimal: "..",
};

// A scanner presses the keys of a US keyboard, whatever alphabet this machine gives to them.
const physical = ({ code, shiftKey }) => {
  if (/^Key[A-Z]$/.test(code)) return code[3];
  if (/^Digit\d$/.test(code)) return shiftKey ? SHIFTED[code[5]] : code[5];
  if (/^Numpad\d$/.test(code)) return code[6];
  return SIGNS[code]?.[shiftKey ? 1 : 0] ?? "\uFFFD";
};
const plain = (text) => [...text].map((sign) => {
  if (!/\p{Nd}/u.test(sign)) return sign.toUpperCase();
  let zero = sign.codePointAt(0);
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return (sign.codePointAt(0) - zero) % 10;
}).join("");

// What was typed since the field was empty: key by key, with the time at which each was pressed.
const typed = { field: null, keys: [], mixed: false, ended: 0 };
const begin = (field) => Object.assign(typed, { field, keys: [], mixed: field.value !== "", ended: 0 });

const gaps = () => [...typed.keys, ...(typed.ended ? [{ at: typed.ended }] : [])]
  .map((key, i, all) => {
    const gap = key.at - (all[i - 1]?.at ?? -Infinity);
    return key.pad || all[i - 1]?.pad ? Math.max(gap, MACHINE_MS) : gap;  // a finger, not a scanner
  }).slice(1);
const isEarly = () => typed.keys[0].at < READY_AT + SETTLE_MS
  || performance.timeOrigin + typed.keys[0].at - begunBefore < TOGETHER_MS;
const isScanned = () => gaps().some((gap, i, all) => gap < MACHINE_MS && (all[i + 1] < MACHINE_MS || isEarly()));
const isBroken = () => isScanned() && (typed.mixed || isEarly() || typed.keys.length < SHORTEST
  || typed.keys.some((key) => key.pad) || gaps().some((gap) => gap > TOGETHER_MS));

// The code that stands in the field, or the name of what is wrong: "again" or "alphabet".
const judged = (field) => {
  if (typed.field !== field || !typed.keys.length) return { text: field.value };
  if (isBroken()) return { wrong: "again" };
  if (typed.mixed || typed.keys.some((key) => key.pad)) return { text: field.value };
  const signs = typed.keys.map((key) => key.sign).join(""), keys = typed.keys.map((key) => key.key).join("");
  if (!CARD.test(signs)) return CARD.test(keys) ? { text: keys } : { text: field.value };
  if (isScanned() && CARD.test(keys) && plain(signs) !== plain(keys)) return { wrong: "alphabet" };
  return { text: signs };
};

const say = (field, wrong) => {
  const told = document.getElementById(field.dataset.scanTells);
  for (const one of told.querySelectorAll("[data-wrong]")) one.hidden = one.dataset.wrong !== wrong;
  told.hidden = !wrong;
};

// Put what was scanned into its field; false when it was refused and the reason is shown.
const settle = (field) => {
  const { text, wrong } = judged(field);
  field.value = wrong ? "" : text;
  say(field, wrong);
  begin(field);
  return !wrong;
};

const EDITABLE = "input:not([type=radio], [type=checkbox]), select, textarea";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const elsewhere = !event.target.closest(EDITABLE);
  const own = event.target.closest("[data-scan]");
  const field = own ?? (elsewhere ? document.querySelector("[data-scan]") : null);
  if (!field) { typed.field = null; return; }
  if (typed.field !== field || (field.value === "" && !typed.keys.at(-1)?.unseen)) begin(field);
  if (event.key === "Enter" || event.key === "Tab") { end(event, field, elsewhere); return; }
  if (event.key === "Backspace") { typed.keys.pop(); return; }
  const sign = event.key.length === 1 ? event.key : null;
  const key = physical(event);
  if (!sign && key === "\uFFFD") return;
  if (elsewhere) {
    event.preventDefault();
    field.value += sign ?? key;
  }
  typed.keys.push({ sign: sign ?? "\uFFFD", key, at: event.timeStamp, unseen: !sign });
}, true);

const end = (event, field, elsewhere) => {
  typed.ended = event.timeStamp;
  const byHand = !isScanned() && (event.key === "Tab" || event.target.closest("a, button, summary"));
  if (!typed.keys.length || byHand) return;
  const kind = field.dataset.scan;
  if (kind === "search") {
    const { text } = judged(field);
    if (isScanned() && !typed.mixed && text && /\d/.test(text)) field.value = text;
    typed.field = null;
    if (elsewhere || event.key === "Tab") { event.preventDefault(); field.form.requestSubmit(); }
    return;
  }
  const scanned = isScanned();
  if (kind === "code") {
    event.preventDefault();
    field.form.requestSubmit();  // judged there
  } else if (scanned) {
    event.preventDefault();  // a form with more fields is not sent by a scanner
    settle(field);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
};

document.addEventListener("submit", (event) => {
  const field = event.target.querySelector("[data-scan=code]");
  if (field && !settle(field)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

// The pad of the screen is a hand, not a scanner.
document.addEventListener("click", ({ target, timeStamp }) => {
  const key = target.closest("[data-key], [data-erase]");
  const field = key && document.getElementById(key.closest("[data-pad]").dataset.pad);
  if (!field?.matches("[data-scan]")) return;
  if (typed.field !== field || field.value === "") begin(field);
  if ("erase" in key.dataset) typed.keys.pop();
  else typed.keys.push({ pad: true, at: timeStamp });
}, true);
document.addEventListener("paste", ({ target }) => { if (target === typed.field) typed.mixed = true; }, true);
document.addEventListener("pointerdown", ({ target }) => {
  if (target === typed.field && target.value !== "") typed.mixed = true;
}, true);
