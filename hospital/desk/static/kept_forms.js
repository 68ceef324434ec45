// What somebody was typing when the session ended or the page was left is there again for them, in
// this tab only. It leaves with the tab, when it is sent, and when its author signs out.
"use strict";

const KEPT = "kept:";
const account = document.body.dataset.account ?? "";
const boxes = "textarea, input:not([type=hidden], [type=password], [type=search], [type=radio], [type=checkbox])";
const formsHere = () => [...document.querySelectorAll("main form[method=post]")];
const nameOf = (form) => `${KEPT}${account}:${location.pathname}:${form.getAttribute("action") ?? ""}:`
  + formsHere().filter((one) => one.getAttribute("action") === form.getAttribute("action")).indexOf(form);

if (account) {
  // What was sent arrived, unless the answer is the page for signing in.
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(KEPT) && JSON.parse(sessionStorage[key]).sent) sessionStorage.removeItem(key);
  }
  for (const form of formsHere()) {
    const kept = JSON.parse(sessionStorage[nameOf(form)] ?? "null");
    for (const box of form.querySelectorAll(boxes)) {
      if (kept && box.name in kept.texts && !box.value) box.value = kept.texts[box.name];
    }
  }
  document.addEventListener("input", ({ target }) => {
    const form = target.closest("main form[method=post]");
    if (!form) return;
    const texts = Object.fromEntries([...form.querySelectorAll(boxes)].map((box) => [box.name, box.value]));
    const typed = Object.values(texts).some((text) => text.trim());
    if (typed) sessionStorage[nameOf(form)] = JSON.stringify({ texts });
    else sessionStorage.removeItem(nameOf(form));
  });
  document.addEventListener("submit", ({ target }) => {
    if (target.id === "leave") {
      for (const key of Object.keys(sessionStorage)) if (key.startsWith(KEPT)) sessionStorage.removeItem(key);
    }
    const key = target.matches("main form[method=post]") ? nameOf(target) : null;
    if (key && sessionStorage[key]) {
      sessionStorage[key] = JSON.stringify({ ...JSON.parse(sessionStorage[key]), sent: true });
    }
  });
} else {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(KEPT)) sessionStorage[key] = JSON.stringify({ ...JSON.parse(sessionStorage[key]), sent: false });
  }
}
