/** What every page does: appearance, dialogs, copying, toasts. */
import { settingsOf } from "./format.js";

const YEAR = 31536000;
const TOAST_MS = 6000;
export const { words } = settingsOf(document);

/** Say something in the polite live region; the newest three stay for a while. */
export function toast(text, tone = "info") {
  const region = document.getElementById("toasts");
  if (!region) return;
  const made = document.createElement("div");
  made.className = "toast";
  made.dataset.tone = tone;
  made.textContent = text;
  region.append(made);
  while (region.childElementCount > 3) region.firstElementChild.remove();
  setTimeout(() => made.remove(), TOAST_MS);
}

/** What the server said is there from the start, which no screen reader tells: say it again. Bad news stays. */
for (const said of [...document.querySelectorAll("#toasts > .toast")]) {
  setTimeout(() => said.parentElement.append(said), 300);
  if (!["down", "warn"].includes(said.dataset.tone)) setTimeout(() => said.remove(), 300 + TOAST_MS);
}

/** Draw the page in a look, now. */
function show(name, value) {
  document.documentElement.dataset[name] = value;
  document.dispatchEvent(new CustomEvent("mimic:appearance"));
}

/** A look of this browser alone: it goes before the account's, also where that one is switched on. */
function choose(name, value) {
  show(name, value);
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `mimic_${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

/** Browsers bring back what a field said when a page is loaded anew; the server's word counts. */
for (const field of document.querySelectorAll("[data-setting]")) {
  const drawn = document.documentElement.dataset[field.dataset.setting];
  if (field.type === "checkbox") field.checked = drawn === field.value;
  else field.value = drawn;
}

document.addEventListener("change", ({ target }) => {
  const { setting: name, previews, off } = target.dataset ?? {};
  if (!name && !previews) return;
  const value = target.type === "checkbox" && !target.checked ? off : target.value;
  if (previews) return void show(previews, value);
  choose(name, value);
  for (const twin of document.querySelectorAll(`select[data-setting="${name}"]`)) twin.value = value;
});

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-opens], [data-closes], [data-copies]");
  if (!button) return;
  if (button.dataset.opens) document.getElementById(button.dataset.opens).showModal();
  else if (button.dataset.copies) {
    await navigator.clipboard.writeText(button.dataset.copies);
    toast(words.copied);
  } else button.closest("dialog").close();
});
