"use strict";
// Puts the pieces that the server renders in their places, and posts what the visitor does. No state of its own.

const $ = (selector, root = document) => root.querySelector(selector);
const chat = document.body.dataset.chat;
const messages = $("#messages");
const TOAST_MS = 3500;
const MOST_CHAPTERS = 300;

const me = () => Number($("input[name=me]:checked").value);
const other = () => Number($("#other").value);

async function post(path, body = {}) {
  try {
    const reply = await fetch(`/sandbox/page/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await reply.json();
    if (answer.error) note(answer.error.replace(/^\w+: /, ""));
    if (answer.note) note(answer.note);
    return reply.ok;
  } catch {
    note("The demo does not answer any more.");
    return false;
  }
}

// ── what the visitor does

messages.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-tap]");
  if (!button) return;
  const together = $("#together")?.checked && other() !== me();
  const users = together ? [me(), other()] : [me()];
  button.classList.add("waiting");
  const message_id = Number(button.closest("[data-message]").dataset.message);
  const tapped = await post("tap", { chat_id: Number(chat), message_id, users, button: button.dataset.tap });
  if (!tapped) button.classList.remove("waiting");
});

function say(text) {
  return post("say", { chat_id: Number(chat), user_id: me(), text });
}

$("#say").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = event.target.elements.text;
  if (field.value.trim() && (await say(field.value))) field.value = "";
});

document.addEventListener("click", (event) => {
  const spoken = event.target.closest("[data-say]");
  if (spoken) say(spoken.dataset.say);
  const button = event.target.closest("[data-post]");
  if (!button) return;
  const { post: path, ...body } = button.dataset;
  if (path === "flip") body.seconds = Number($("input[name=seconds]:checked").value);
  post(path, body);
});

document.addEventListener("change", (event) => {
  if (event.target.name !== "me") return;
  sessionStorage.setItem("me", event.target.value);
  if (me() === other()) $("#other").value = $(`#other option:not([value="${me()}"])`).value;
  document.querySelectorAll("[data-message]").forEach(turn);
});

// ── the way by keyboard: of all cards one is in the order of Tab, the newest that waits or the one that was gone to

let current = null;
const cards = () => [...messages.querySelectorAll("[data-message]")];
const keys = (card) => card.querySelectorAll("a, button, video");
const newest = () => cards().filter((card) => $("[data-tap]", card)).at(-1) ?? cards().at(-1) ?? null;

function offer(card) {
  if (current && current !== card) keys(current).forEach((key) => { key.tabIndex = -1; });
  current = card;
  if (card) keys(card).forEach((key) => { key.tabIndex = 0; });
}

function offerNewest() {
  if (!current?.isConnected || !current.contains(document.activeElement)) offer(newest());
}

function goTo(card) {
  if (!card) return;
  offer(card);
  ($("[data-tap]", card) ?? keys(card)[0] ?? card).focus();
}

messages.addEventListener("focusin", (event) => {
  const card = event.target.closest("[data-message]");
  if (card) offer(card);
});

messages.addEventListener("keydown", (event) => {
  const card = event.target.closest("[data-message]");
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!card || !step) return;
  event.preventDefault();
  const all = cards();
  goTo(all[all.indexOf(card) + step]);
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-jump]")) return;
  event.preventDefault();
  goTo(newest());
});

// ── what the server sends

function made(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

// Replaces a piece and keeps what is the visitor's: the focus, what is unfolded, what is chosen.
function replace(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  if (old.open) fresh.open = true;
  old.replaceWith(fresh);
  if (!focused) return;
  const all = [...fresh.querySelectorAll("button, summary, a, pre, input")];
  const same = all.find((each) => each.tagName === focused.tagName && named(each) === named(focused));
  // A worker that was killed has another button now, in the same place.
  const group = focused.closest("[aria-label]")?.getAttribute("aria-label");
  const near = all.find((each) => each.tagName === focused.tagName && each.closest("[aria-label]")?.getAttribute("aria-label") === group);
  (same ?? near ?? (fresh.tabIndex = -1, fresh)).focus({ preventScroll: true });
}

const named = (each) => each.dataset.name ?? each.dataset.tap ?? each.textContent + (each.dataset.number ?? each.value ?? "");

function turn(message) {
  message.classList.toggle("mine", Number(message.dataset.sender) === me());
}

const isAtEnd = () => messages.scrollHeight - messages.scrollTop - messages.clientHeight < 160;
const toEnd = () => messages.scrollTo({ top: messages.scrollHeight, behavior: "instant" });

function showMessage({ id, html }) {
  const old = $(`#message-${id}`);
  if (!html) return old?.remove();
  const fresh = made(html);
  turn(fresh);
  keys(fresh).forEach((key) => { key.tabIndex = -1; });
  const wasCurrent = Boolean(old) && old === current;
  const wasAtEnd = isAtEnd();
  if (old) {
    replace(old, fresh);
  } else {
    $(".empty", messages)?.remove();
    fresh.classList.add("arriving");
    messages.append(fresh);
  }
  if (wasCurrent) offer(fresh);
  offerNewest();
  if (wasAtEnd) toEnd();
  else if (!old) $("#newer").hidden = false;
}

messages.addEventListener("scroll", () => { if (isAtEnd()) $("#newer").hidden = true; });
$("#newer").addEventListener("click", () => { toEnd(); messages.focus(); });

const note = (text) => toast(text, "plain", "", "#notes"); // said to who pressed a button, wherever the page is scrolled to

function toast(text, kind, name = "", place = "#toasts") {
  const shown = document.createElement("p");
  shown.className = `toast ${kind}`;
  if (name) {
    const who = document.createElement("b");
    who.textContent = `${name}: `;
    shown.append(who);
  }
  shown.append(text);
  $(place).append(shown);
  setTimeout(() => shown.remove(), TOAST_MS);
}

function showToast({ message_id, callback_data, user_id, name, text, alert }) {
  $(`#message-${message_id} [data-tap="${CSS.escape(callback_data)}"]`)?.classList.remove("waiting");
  if (text) toast(text, alert ? "alert" : "toasted", user_id === me() ? "" : name);
}

function showChapter({ key, html }) {
  const old = document.getElementById(key);
  const fresh = made(html);
  if (old) return replace(old, fresh);
  const chapters = $("#chapters");
  chapters.prepend(fresh);
  while (chapters.childElementCount > MOST_CHAPTERS) chapters.lastElementChild.remove();
}

function showStage({ html }) {
  const parts = $("#stage-parts");
  const seconds = $("input[name=seconds]:checked", parts).value;
  const fresh = made(`<div id="stage-parts">${html}</div>`);
  $(`input[name=seconds][value="${seconds}"]`, fresh).checked = true;
  replace(parts, fresh);
  countDown();
}

function showInstagram({ html }) {
  const parts = $("#instagram-parts");
  const scrolled = $(".frames", parts)?.scrollLeft ?? 0;
  replace(parts, made(`<div id="instagram-parts">${html}</div>`));
  const frames = $("#instagram-parts .frames");
  if (frames) frames.scrollLeft = scrolled;
}

function showScore({ html }) {
  $("#score").replaceWith(made(html));
}

function countDown() {
  const now = performance.now() / 1000;
  document.querySelectorAll("[data-left]").forEach((each) => {
    each.ends ??= now + Number(each.dataset.left);
    each.textContent = `${Math.max(0, Math.ceil(each.ends - now))} s`;
  });
}

function listen() {
  const stream = new EventSource(`/sandbox/page/stream?chat=${chat}&since=${document.body.dataset.number}`);
  const hear = (kind, show) => stream.addEventListener(kind, (event) => show(JSON.parse(event.data)));
  hear("message", showMessage);
  hear("toast", showToast);
  hear("score", showScore);
  if ($("#log")) {
    hear("chapter", showChapter);
    hear("stage", showStage);
    hear("instagram", showInstagram);
  }
  hear("reload", () => location.reload());
  stream.onopen = () => { $("#connection").hidden = true; };
  stream.onerror = () => { $("#connection").hidden = false; };
}

const remembered = $(`input[name=me][value="${CSS.escape(sessionStorage.getItem("me") ?? "")}"]`);
if (remembered) remembered.checked = true;
cards().forEach((card) => { turn(card); keys(card).forEach((key) => { key.tabIndex = -1; }); });
offerNewest();
toEnd();
setInterval(countDown, 500);
listen();
