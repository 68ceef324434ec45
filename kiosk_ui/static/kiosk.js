// The little that a page does by itself. Everything else is rendered by the box.
"use strict";

let leaving = false;

// After a typed value is recorded, the cursor stands in the next box, unless it stands elsewhere.
document.addEventListener("recorded", ({ target }) => {
  const rows = [...document.querySelectorAll(".typed")];
  const next = rows[rows.findIndex((row) => row.id === target.id) + 1];
  setTimeout(() => {
    if (document.activeElement !== document.body) return;
    next?.querySelector("input:not([type=hidden])")?.focus();
  }, 50);
});

// A row is kept when its filled boxes are left; who goes on to its unit has not left it.
document.addEventListener("input", ({ target }) => {
  const row = target.closest(".typed");
  if (row) row.dataset.changed = "yes";
});
document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const row = target.closest(".typed");
  if (!row?.dataset.changed || row.contains(relatedTarget)) return;
  if (relatedTarget?.closest("form[data-takes]")) return;  // Finish takes it along
  const boxes = [...row.querySelectorAll("input:not([type=hidden])")];
  if (!boxes.every((box) => box.value.trim())) return;
  delete row.dataset.changed;
  row.requestSubmit();
});

// Sheets: a tile opens the boxes of its own sign; a row with something wrong shows itself.
const openSheet = (sheet, row) => {
  sheet.hidden = false;
  (row ?? sheet).querySelector("input:not([type=hidden])")?.focus();
};
document.addEventListener("click", ({ target }) => {
  const opens = target.closest("[data-opens]"), closes = target.closest("[data-closes]");
  if (closes) document.getElementById(closes.dataset.closes).hidden = true;
  if (!opens) return;
  const row = document.getElementById(`t-${opens.dataset.row}`);
  openSheet(document.getElementById(opens.dataset.opens), row);
});
document.addEventListener("htmx:after:request", () => setTimeout(() => {
  const row = document.querySelector(".sheet[hidden] .typed:is(.bad, .doubt)");
  if (row) openSheet(row.closest(".sheet"), row);
}, 50));

// While a typed value is on its way nothing is typed over it: the answer takes the boxes' place.
const onTheWay = new Set();
for (const [kind, waits] of [["htmx:before:request", true], ["htmx:finally:request", false]]) {
  document.addEventListener(kind, ({ detail: { ctx } }) => {
    if (!ctx.sourceElement.matches?.(".typed")) return;
    for (const box of ctx.sourceElement.querySelectorAll("input")) box.readOnly = waits;
    if (waits) onTheWay.add(ctx.sourceElement.id);
    else onTheWay.delete(ctx.sourceElement.id);
  });
}

// Number pads: digits go into their field, which also takes a keyboard.
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key], [data-erase]");
  if (!key) return;
  const field = document.getElementById(key.closest("[data-pad]").dataset.pad);
  if ("erase" in key.dataset) field.value = field.value.slice(0, -1);
  else if (field.value.length < field.maxLength) field.value += key.dataset.key;
});

// What is typed is kept by the box as it is typed, for the person who is signed in.
const begun = { area: null, timer: 0, sending: null };
const keepDraft = () => {
  clearTimeout(begun.timer);
  const area = begun.area;
  if (!area) return begun.sending;
  begun.area = null;
  const body = new URLSearchParams();
  for (const form of area.matches("form") ? [area] : area.querySelectorAll("form")) {
    const as = form.dataset.draftAs;
    for (const [name, text] of new FormData(form)) {
      if (name === "csrf") body.set(name, text);
      else body.set(as ? `${as}.${name}` : name, text);
    }
  }
  const sent = { method: "POST", body, keepalive: true, redirect: "manual" };
  begun.sending = fetch(area.dataset.draft, sent).catch(() => null);
  return begun.sending;
};
const typing = (area, wait) => {
  if (!area) return;
  begun.area = area;
  clearTimeout(begun.timer);
  begun.timer = setTimeout(keepDraft, wait);
};
document.addEventListener("input", ({ target }) => typing(target.closest("[data-draft]"), 1000));
document.addEventListener("change", ({ target }) => typing(target.closest("[data-draft]"), 0));
document.addEventListener("recorded", ({ target }) => typing(target.closest("[data-draft]"), 0));
addEventListener("pagehide", keepDraft);

// Finish takes along what stands in the boxes, whether it was kept meanwhile or not.
document.addEventListener("submit", (event) => {
  const form = event.target, area = document.getElementById(form.dataset.takes ?? "");
  if (!area || event.defaultPrevented) return;
  clearTimeout(begun.timer);
  begun.area = null;  // nothing of it shall be kept once it is recorded
  const take = (name, value) => {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    form.append(field);
  };
  take("typed", "yes");
  if (event.submitter?.name) take(event.submitter.name, event.submitter.value);
  const finish = () => {
    for (const row of area.querySelectorAll("form[data-draft-as]")) {
      if (onTheWay.has(row.id)) continue;  // it is being recorded
      for (const [name, text] of new FormData(row)) {
        if (/^(v\d|unit)$/.test(name)) take(`${row.dataset.draftAs}.${name}`, text);
      }
    }
    form.submit();
  };
  event.preventDefault();
  const late = Date.now() + 3000;
  const settled = async () => {
    await begun.sending;
    while (onTheWay.size && Date.now() < late) await new Promise((next) => setTimeout(next, 20));
  };
  Promise.race([settled(), new Promise((resolve) => setTimeout(resolve, 3000))]).then(finish);
});

// A danger stops whatever page this is; what stands in the boxes is kept before.
document.addEventListener("htmx:after:request", () => setTimeout(() => {
  const stops = document.getElementById("stops");
  if (!stops || leaving) return;
  leaving = true;
  Promise.race([Promise.resolve(keepDraft()), new Promise((late) => setTimeout(late, 3000))])
    .then(() => location.assign(stops.href));
}, 20));

// Once somebody locks, a poll that is refused meanwhile must not lead the screen elsewhere.
for (const kind of ["htmx:before:request", "htmx:before:response"]) {
  document.addEventListener(kind, (event) => { if (leaving) event.preventDefault(); });
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form === begun.area) begun.area = null;
  if (form.id !== "lock") return;
  leaving = true;
  const sending = keepDraft();
  if (!sending) return;
  event.preventDefault();
  Promise.race([sending, new Promise((late) => setTimeout(late, 3000))]).then(() => form.submit());
});

// A second press within a second does nothing: no record is made twice by a trembling finger.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const now = Date.now();
  if (now - Number(form.dataset.pressed ?? 0) < 1000) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  form.dataset.pressed = String(now);
}, true);

// Times that are waited for: until the next reading, and the rest before the first one.
const minutes = (left) => `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
document.addEventListener("click", ({ target }) => {
  const rest = target.closest("[data-rest-s]");
  if (rest) sessionStorage.setItem(`rest ${rest.dataset.restOf}`, Date.now());
});
const tickTimers = () => {
  for (const timer of document.querySelectorAll("[data-until-ms]")) {
    timer.textContent = minutes(Math.max(0, Math.ceil((timer.dataset.untilMs - Date.now()) / 1000)));
  }
  for (const rest of document.querySelectorAll("[data-rest-s]")) {
    const begun = sessionStorage.getItem(`rest ${rest.dataset.restOf}`);
    const gone = begun ? (Date.now() - begun) / 1000 : 0;
    const left = Math.max(0, Math.ceil(rest.dataset.restS - gone));
    rest.querySelector("[data-rest-left]").textContent = minutes(left);
    rest.classList.toggle("over", begun && left === 0);
  }
};
if (document.getElementById("live")) setInterval(tickTimers, 250);

// A lock counts down where it is shown.
for (const timer of document.querySelectorAll("[data-countdown]")) {
  const until = Date.now() + Number(timer.dataset.countdown) * 1000;
  const tick = () => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1000));
    timer.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left === 0) location.replace(location.pathname + location.search);
    else setTimeout(tick, 1000);
  };
  tick();
}

// Nobody there: hide what is private at once, ask, and after a fair time leave.
const still = document.getElementById("still");
if (still) {
  let touched = Date.now();
  let told = Date.now();
  const leave = document.getElementById(still.dataset.form);
  const asking = () => Number(document.querySelector("[data-idle-s]:not(#still)")?.dataset.idleS
    ?? still.dataset.idleS) * 1000;
  // A value stays in sight from when it appeared, and while a device measures on.
  const shown = { entry: "", at: 0 };
  const look = () => {
    const value = document.querySelector("[data-shown]");
    const isNew = value && value.dataset.shown !== shown.entry;
    if (isNew) Object.assign(shown, { entry: value.dataset.shown, at: Date.now() });
    if (isNew || document.querySelector("[data-measuring]")) stay();
    return value ? shown.at + Number(value.dataset.leastS) * 1000 : 0;
  };
  const stay = () => {
    touched = Date.now();
    if (still.open) still.close();
    document.body.classList.remove("hidden-values");
  };
  const touch = () => {
    if (still.open) return;
    touched = Date.now();
    const form = still.querySelector("form");
    if (form && touched - told > 60000) {
      told = touched;
      form.requestSubmit();
    }
  };
  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    document.addEventListener(kind, touch, { passive: true });
  }
  still.addEventListener("cancel", stay);
  still.addEventListener("click", (event) => {
    if (event.target.closest("[data-still-here]")) { told = Date.now(); stay(); }
  });
  const watch = setInterval(() => {
    const least = look();
    const over = Date.now() - Math.max(touched + asking(), least);
    if (over >= Number(still.dataset.warnS) * 1000) {
      clearInterval(watch);
      leave.requestSubmit();
    } else if (over >= 0 && !still.open) {
      document.body.classList.add("hidden-values");
      still.showModal();
    }
  }, 500);
}

// A letter is printed where there is a printer; the page itself is the letter, too.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// The last page of a patient makes way for the next one.
const home = document.querySelector("[data-home-after-s]");
if (home) setTimeout(() => location.replace(home.href), Number(home.dataset.homeAfterS) * 1000);
