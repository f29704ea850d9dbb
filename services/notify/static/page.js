"use strict";
// The waiting screen: looks every few seconds whether something waits, and rings until somebody presses.
// Without this file the page reloads itself, and everything else works the same.
(() => {
  const LOOK_MS = 5000, RING_MS = 2500;
  const body = document.body;
  for (const exit of document.querySelectorAll(".exit")) {
    exit.addEventListener("click", (event) => { event.preventDefault(); location.replace(exit.href); });
  }
  const screen = document.getElementById("waiting");
  if (!screen) return;

  const part = (name) => document.getElementById(name);
  const title = document.title;
  let seen = screen.dataset.seen, audio = null;

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

  const show = (now) => {
    seen = now.seen;
    body.dataset.ringing = String(now.count > 0);
    part("count").textContent = now.count;
    part("due").textContent = now.due;
    part("nothing").hidden = now.count > 0;
    part("something").hidden = now.count === 0;
    if (now.list !== undefined) part("tasks").innerHTML = now.list;
    if (now.missed) {
      part("missed").firstElementChild.textContent = now.missed;
      part("missed").hidden = false;
    }
  };

  const look = async () => {
    try {
      const response = await fetch(`/count?seen=${encodeURIComponent(seen)}`, { cache: "no-store", redirect: "manual" });
      if (response.status === 403) {
        if (!part("signed-out")) { location.replace("/"); return; }
        // whoever sleeps beside this page must not take silence for quiet
        part("signed-out").hidden = false;
        body.dataset.ringing = "true";
        return;
      }
      if (!response.ok) throw new Error(String(response.status));
      show(await response.json());
      part("offline").hidden = true;
    } catch {
      part("offline").hidden = false;
    }
    setTimeout(look, LOOK_MS);
  };

  const send = (path, url) => fetch(path, {
    method: "POST", redirect: "manual", body: new URLSearchParams({ form: document.querySelector("input[name=form]").value, url }),
  }).then((response) => response.ok);

  // a browser that is woken shows that something waits, even while the page is closed
  const offerPush = async (registration) => {
    const button = part("push"), key = screen.dataset.pushKey;
    if (!key || !registration.pushManager || !window.Notification) return;
    const showPush = (isOn) => {
      button.hidden = false;
      button.textContent = isOn ? screen.dataset.pushOn : screen.dataset.pushOff;
      button.setAttribute("aria-pressed", String(isOn));
    };
    showPush(await registration.pushManager.getSubscription() !== null);
    button.addEventListener("click", async () => {
      try {
        const present = await registration.pushManager.getSubscription();
        if (present) {
          await send("/push/end", "");
          await present.unsubscribe();
          showPush(false);
        } else if (await Notification.requestPermission() === "granted") {
          const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
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
  setTimeout(look, LOOK_MS);
})();
