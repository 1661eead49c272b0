/**
 * Passkeys (WebAuthn Level 3): made, shown at sign-in, and in place of a code.
 *
 * form[data-passkey="create" | "get"] is sent with the answer in its field `credential`; the options
 * lie in the JSON block `js_data`. Beside input[data-proof] a button fills it with a proof.
 */
const { PublicKeyCredential } = window;
const able = Boolean(PublicKeyCredential?.parseRequestOptionsFromJSON);

const CEREMONIES = {
  create: ({ creation_options: { publicKey } }) =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) }),
  get: ({ request_options: { publicKey } }) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) }),
};

function told(form, text) {
  let line = form.querySelector("[data-passkey-told]");
  if (!line) {
    line = document.createElement("p");
    line.className = "errorlist";
    line.setAttribute("role", "alert");
    line.dataset.passkeyTold = "";
    form.append(line);
  }
  line.textContent = text;
  line.hidden = !text;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!able) {
    form.remove(); // hidden it would keep its place
    continue;
  }
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    told(form, "");
    try {
      const options = JSON.parse(document.getElementById("js_data").textContent);
      const answer = await CEREMONIES[form.dataset.passkey](options);
      form.elements.credential.value = JSON.stringify(answer.toJSON());
      form.submit();
    } catch {
      told(form, form.dataset.failed);
    }
  });
}

async function post(field, body) {
  const { value } = field.form.elements.csrfmiddlewaretoken;
  const headers = { Accept: "application/json", "X-CSRFToken": value, "Content-Type": "application/json" };
  const answer = await fetch(field.dataset.proof, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

for (const field of able ? document.querySelectorAll("input[data-proof]") : []) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "btn", textContent: field.dataset.proofLabel });
  field.after(button);
  button.addEventListener("click", async () => {
    told(field.form, "");
    button.disabled = true;
    try {
      const answer = await CEREMONIES.get({ request_options: await post(field, "{}") });
      field.value = (await post(field, JSON.stringify(answer.toJSON()))).proof;
    } catch {
      told(field.form, field.dataset.proofFailed);
    }
    button.disabled = false;
  });
}
