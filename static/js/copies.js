/** Copy settings: the unit follows the mode; a preview that fails says so and can be asked again. */
const unit = document.getElementById("sizing-unit");
const preview = document.getElementById("preview");
const failed = document.getElementById("preview-failed");

document.addEventListener("change", ({ target }) => {
  if (target.name === "sizing_mode") unit.textContent = target.dataset.unit;
});

for (const event of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  preview.addEventListener(event, () => { failed.hidden = false; });
}
preview.addEventListener("htmx:afterSwap", () => { failed.hidden = true; });

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-retries]")) window.htmx.trigger(preview, "retry");
});
