// What a mail client makes of mails, by the parser that many of them use.
// In: {"mails": [base64, …]}; out: one object a mail.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";

const {simpleParser} = createRequire(import.meta.url)("mailparser");
const {mails} = JSON.parse(readFileSync(0, "utf8"));

async function read(raw) {
  const mail = await simpleParser(Buffer.from(raw, "base64"),
                                  {skipTextToHtml: true});
  const parts = mail.headerLines.find(({key}) => key === "content-type");
  return {
    subject: mail.subject,
    from: mail.from.value,
    to: mail.to.value.map(({address}) => address),
    date: mail.date.toISOString(),
    messageId: mail.messageId,
    inReplyTo: mail.inReplyTo ?? null,
    references: mail.references ?? null,
    priority: mail.headers.get("priority") ?? null,
    autoSubmitted: mail.headers.get("auto-submitted") ?? null,
    event: mail.headers.get("x-tocsin-event") ?? null,
    contentType: parts.line,
    text: mail.text,
    html: mail.html,
    attachments: mail.attachments.length,
  };
}

process.stdout.write(JSON.stringify(await Promise.all(mails.map(read))));
