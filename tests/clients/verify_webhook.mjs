// Verifies signed webhooks with the library that receivers use.
// stdin: {"secret": …, "deliveries": [{"body": base64, "headers": {…}}, …]}
// stdout: [{"ok": true, "message": …} or {"ok": false, "error": …}, …]
import {readFileSync} from "node:fs";
import {Webhook} from "standardwebhooks";

const {secret, deliveries} = JSON.parse(readFileSync(0, "utf8"));
const verifier = new Webhook(secret);
const verdicts = deliveries.map(({body, headers}) => {
  try {
    const text = Buffer.from(body, "base64").toString("utf8");
    return {ok: true, message: verifier.verify(text, headers)};
  } catch (error) {
    return {ok: false, error: String(error.message)};
  }
});
process.stdout.write(JSON.stringify(verdicts));
