/** Questions with a deadline: seconds tick down, and who is too late is told so before asking. */
import { words } from "./page.js";

/** Write how long is left into a text, or as the part that is left into a <progress>. */
export function refreshDeadlines(root = document) {
  for (const node of root.querySelectorAll("[data-deadline]:not([data-deadline=''])")) {
    const end = Date.parse(node.dataset.deadline);
    const left = Math.max(0, end - Date.now());
    if ("from" in node.dataset) node.value = (100 * left) / (end - Date.parse(node.dataset.from));
    else node.textContent = left ? `${Math.floor(left / 1000)} ${words.s}` : words.too_late;
    node.closest("[data-row]")?.toggleAttribute("data-late", left === 0);
  }
}
