// Runs when SES receives a mail; its body lies in the bucket of the rule's S3 action.

export const handler = async (event) => {
  for (const { ses } of event.Records) {
    const { messageId, source, commonHeaders } = ses.mail;
    const { spamVerdict, virusVerdict, recipients } = ses.receipt;
    if ([spamVerdict, virusVerdict].some(({ status }) => status === 'FAIL')) log('rejected', { messageId });
    else await work(messageId, source, recipients, commonHeaders.subject);
  }
  return { processed: event.Records.length };
};

const work = async (messageId, sender, recipients, subject) => {
  // Your work. SES may send an event twice: let the second time do no harm.
  log('mail', { messageId, sender, recipients, subject });
};

const log = (message, fields) => console.info(JSON.stringify({ message, ...fields }));
