"use strict";
// The waiting screen: looks every few seconds whether something waits, and rings until somebody presses.
// Without this file the page reloads itself, and everything else works the same.
(() => {
  const LOOK_MS = 5000, RING_MS = 2500, SHORTEST_MS = 250;
  const body = document.body;
  for (const exit of document.querySelectorAll(".exit")) {
    exit.addEventListener("click", (event) => { event.preventDefault(); location.replace(exit.href); });
  }
  const screen = document.getElementById("waiting");
  if (!screen) return;

  const part = (name) => document.getElementById(name);
  const title = document.title;
  // a page that is held is answered as soon as something else is to be shown; the others ask again and again
  const isHeld = screen.dataset.held === "true";
  let seen = screen.dataset.seen, mark = screen.dataset.mark || "", audio = null;

  const soundIsOn = () => audio !== null && audio.state === "running";

  const tone = (at, frequency) => {
    const oscillator = audio.createOscillator(), volume = audio.createGain();
    oscillator.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.4, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.45);
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(at);
    oscillator.stop(at + 0.5);
  };

  const ring = () => {
    const rings = body.dataset.ringing === "true";
    const count = part("count").textContent;
    document.title = rings && document.title === title ? `(${count}) ${title}` : title;
    if (!rings) return;
    body.dataset.rings = String(Number(body.dataset.rings || 0) + 1);
    if (soundIsOn()) { tone(audio.currentTime, 660); tone(audio.currentTime + 0.35, 880); }
    if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) navigator.vibrate([300, 150, 300]);
  };

  const showSound = () => {
    part("sound").hidden = false;
    part("sound").textContent = soundIsOn() ? screen.dataset.soundOn : screen.dataset.soundOff;
    part("sound").setAttribute("aria-pressed", String(soundIsOn()));
    body.dataset.sound = soundIsOn() ? "on" : "off";
  };

  // browsers let a page sound only after somebody has touched it
  const turnSoundOn = async () => {
    audio = audio || new AudioContext();
    await audio.resume();
    showSound();
  };

  // what stays as it is must not be read out again, nor lose the focus
  const put = (name, text) => { if (part(name).textContent !== text) part(name).textContent = text; };

  const show = (now) => {
    seen = now.seen;
    body.dataset.ringing = String(now.count > 0);
    put("count", String(now.count));
    put("due", now.due);
    part("nothing").hidden = now.count > 0;
    part("something").hidden = now.count === 0;
    if (now.list !== undefined && now.mark !== mark) {
      const focused = document.activeElement && document.activeElement.getAttribute("href");
      part("tasks").innerHTML = now.list;
      for (const link of part("tasks").querySelectorAll("a")) if (link.getAttribute("href") === focused) link.focus();
    }
    if (now.missed) {
      part("missed").firstElementChild.textContent = now.missed;
      part("missed").hidden = false;
    }
  };

  const look = async () => {
    let wait = LOOK_MS;
    try {
      // a line that is dead without saying so ends by this clock; old browsers wait for their own
      const signal = AbortSignal.timeout ? AbortSignal.timeout(isHeld ? 35000 : 15000) : undefined;
      const address = `/count?seen=${encodeURIComponent(seen)}${isHeld ? `&mark=${mark}` : ""}`;
      const response = await fetch(address, { cache: "no-store", redirect: "manual", signal });
      if (response.status === 403) {
        if (!part("signed-out")) { location.replace("/"); return; }
        // whoever sleeps beside this page must not take silence for quiet
        part("signed-out").hidden = false;
        body.dataset.ringing = "true";
        return;
      }
      if (!response.ok) throw new Error(String(response.status));
      const now = await response.json();
      show(now);
      mark = now.mark || "";
      if (isHeld) wait = SHORTEST_MS;
      part("offline").hidden = true;
    } catch {
      part("offline").hidden = false;
    }
    setTimeout(look, wait);
  };

  const send = (path, url) => fetch(path, {
    method: "POST", redirect: "manual", body: new URLSearchParams({ form: screen.dataset.form, url }),
  }).then((response) => response.ok);

  // a browser that is woken shows that something waits, even while the page is closed
  const offerPush = async (registration) => {
    const button = part("push"), key = screen.dataset.pushKey;
    if (!key || !registration.pushManager || !window.Notification) return;
    let isOn = false;
    const showPush = (now) => {
      isOn = now;
      button.hidden = false;
      button.textContent = isOn ? screen.dataset.pushOn : screen.dataset.pushOff;
      button.setAttribute("aria-pressed", String(isOn));
    };
    // a browser may have one that the server has ended
    showPush(screen.dataset.pushKept === "true" && await registration.pushManager.getSubscription() !== null);
    button.addEventListener("click", async () => {
      try {
        const present = await registration.pushManager.getSubscription();
        if (isOn) {
          await send("/push/end", "");
          if (present) await present.unsubscribe();
          showPush(false);
        } else if (await Notification.requestPermission() === "granted") {
          const made = present || await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
          showPush(await send("/push", made.endpoint));
        }
      } catch {
        showPush(false);
      }
    });
  };

  if (navigator.serviceWorker && screen.dataset.worker) {
    navigator.serviceWorker.register(screen.dataset.worker).then(offerPush).catch(() => {});
  }
  if (part("missed")) {
    part("missed").lastElementChild.addEventListener("click", (event) => {
      event.preventDefault();
      part("missed").hidden = true;
    });
  }
  document.addEventListener("pointerdown", turnSoundOn);
  document.addEventListener("keydown", turnSoundOn);
  showSound();
  ring();
  setInterval(ring, RING_MS);
  setTimeout(look, isHeld ? 0 : LOOK_MS);
})();
