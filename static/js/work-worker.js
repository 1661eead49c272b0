/** Tries out numbers until SHA-256(salt + number) is the challenge (ALTCHA's proof of work). */
const BATCH = 500;
const encoder = new TextEncoder();

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function find({ algorithm, challenge, salt, maxnumber }) {
  for (let first = 0; first < maxnumber; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, maxnumber - first) }, (_, at) => first + at);
    const hashes = await Promise.all(
      numbers.map((number) => crypto.subtle.digest(algorithm, encoder.encode(salt + number))),
    );
    const at = hashes.findIndex((each) => hex(each) === challenge);
    if (at >= 0) return numbers[at];
  }
  return -1;
}

onmessage = async ({ data }) => {
  const { algorithm, challenge, salt, signature } = data;
  const number = await find(data);
  postMessage(btoa(JSON.stringify({ algorithm, challenge, number, salt, signature })));
};
