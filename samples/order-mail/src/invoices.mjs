// A PDF lands in the bucket as <order>/<customer's address>.pdf → the mail that brings it.
import { invoiceMail } from './mails.mjs';
import { log, send } from './outbox.mjs';

export const handler = async (event) => {
  const mails = [];
  for (const { s3 } of event.Records) {
    const key = decodeURIComponent(s3.object.key.replaceAll('+', ' ')); // S3 sends keys as in a URL
    const mail = invoiceMail(s3.bucket.name, key);
    if (mail) mails.push(await send(mail));
    else log('warn', 'not an invoice', { bucket: s3.bucket.name, key });
  }
  return { mails };
};
