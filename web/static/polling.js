"use strict";

// Live parts: send back the tag of what is shown, so that an unchanged part costs nothing.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const tag = ctx.sourceElement.dataset?.etagShown;
  if (tag) ctx.request.headers["If-None-Match"] = tag;
});
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  const element = ctx.sourceElement;
  const tag = ctx.response?.headers?.get("ETag");
  if (tag && "etag" in element.dataset) element.dataset.etagShown = tag;
});
