"use strict";
// What the browser wakes: it says that something waits, and never what. While there is no connection it shows a page
// that tries again by itself, with an answer that was pressed meanwhile ready to be sent: it counts once.
// Nothing is kept: no answer of the server is stored here.
const said = new URL(self.location).searchParams;
const language = said.get("l"), direction = language === "ar" ? "rtl" : "ltr";
const TRY_AGAIN_S = 5;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => event.waitUntil(
  self.registration.showNotification(said.get("t"), {
    body: said.get("b"), tag: "desk", renotify: true, requireInteraction: true, icon: "/static/icon.svg",
    lang: language, dir: direction, vibrate: [300, 150, 300],
  }),
));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.matchAll({ type: "window", includeUncontrolled: true }).then(
    (open) => open.length ? open[0].focus() : self.clients.openWindow("/"),
  ));
});

const escaped = (text) => String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

const waitingPage = (path, fields) => {
  const head = fields ? "" : `<meta http-equiv="refresh" content="${TRY_AGAIN_S}">`;
  const hidden = (fields || []).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  ).join("");
  const form = fields
    ? `<form method="post" action="${escaped(path)}">${hidden}<p><button><h1>${escaped(said.get("a"))}</h1></button></p></form>` : "";
  const html = `<!doctype html><html lang="${escaped(language)}" dir="${direction}"><meta charset="utf-8">`
    + `<meta name="color-scheme" content="light dark"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(said.get("t"))}</title>${head}`
    + `<h1>${escaped(said.get("t"))}</h1><p id="offline">${escaped(said.get("o"))}</p>${form}</html>`;
  return new Response(html, { status: 503, headers: {
    "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  } });
};

self.addEventListener("fetch", (event) => {
  const request = event.request;
  if (request.mode !== "navigate") return;
  const path = new URL(request.url).pathname;
  // a PIN or code is never shown again, not even hidden
  const isAnswer = request.method === "POST" && (/^\/(item|task)\//.test(path) || path === "/places");
  const copy = isAnswer ? request.clone() : null;
  event.respondWith(fetch(request).catch(async () => {
    if (!copy) return waitingPage(path, null);
    return waitingPage(path, [...new URLSearchParams(await copy.text())]);
  }));
});
