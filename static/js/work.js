/** Solves the puzzle in input[data-work] in a worker, at once; a form that is sent waits for it. */
for (const field of document.querySelectorAll("input[data-work]")) {
  field.value = ""; // what was sent last time is spent, and browsers bring it back
  const worker = new Worker(new URL("./work-worker.js", import.meta.url), { type: "module" });
  const solved = new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      field.value = data;
      worker.terminate();
      resolve();
    };
  });
  worker.postMessage(JSON.parse(field.dataset.work));
  field.form.addEventListener("submit", async (event) => {
    if (field.value) return;
    event.preventDefault();
    await solved;
    field.form.requestSubmit(event.submitter);
  });
}
