// What a browser and a push service do with a push: http_ece decrypts it (the
// module that web-push uses itself), jws verifies the VAPID token.
// In: {private, pushes: [{auth, body, authorization}]}; out: one object a push.
import { createECDH, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const ece = require("http_ece");
const jws = createRequire(require.resolve("web-push"))("jws");

const input = JSON.parse(readFileSync(0, "utf8"));
const receiver = createECDH("prime256v1");
receiver.setPrivateKey(Buffer.from(input.private, "base64url"));

function publicKey(point) {
  const bytes = Buffer.from(point, "base64url");
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: bytes.subarray(1, 33).toString("base64url"),
    y: bytes.subarray(33).toString("base64url"),
  };
  return createPublicKey({ key: jwk, format: "jwk" })
    .export({ type: "spki", format: "pem" });
}

function open(push) {
  const text = ece.decrypt(Buffer.from(push.body, "base64"), {
    version: "aes128gcm",
    privateKey: receiver,
    authSecret: push.auth,
  });
  const [, token, key] = /^vapid t=([^,]+), k=(.+)$/.exec(push.authorization);
  const { header, payload } = jws.decode(token, { json: true });
  return {
    text: text.toString("utf8"),
    header,
    claims: typeof payload === "string" ? JSON.parse(payload) : payload,
    verified: jws.verify(token, "ES256", publicKey(key)),
    key,
  };
}

process.stdout.write(JSON.stringify(input.pushes.map(open)));
