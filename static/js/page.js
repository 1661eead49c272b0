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

/** A setting of this browser: a data attribute now, a cookie so that the server draws it next time. */
function choose(name, value) {
  const root = document.documentElement;
  if (value) root.dataset[name] = value;
  else delete root.dataset[name];
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `mimic_${name}=${value}; Path=/; Max-Age=${value ? YEAR : 0}; SameSite=Lax${secure}`;
  document.dispatchEvent(new CustomEvent("mimic:appearance"));
}

document.addEventListener("change", ({ target }) => {
  const name = target.dataset?.setting;
  if (!name) return;
  const value = target.type === "checkbox" && !target.checked ? "" : target.value;
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
