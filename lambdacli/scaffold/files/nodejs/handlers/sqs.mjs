// Runs for a batch of messages from a queue; those that fail go back to the queue, the others are done.

export const handler = async (event) => {
  const results = await Promise.allSettled(event.Records.map(work));
  const batchItemFailures = [];
  results.forEach(({ status, reason }, index) => {
    if (status === 'fulfilled') return;
    const itemIdentifier = event.Records[index].messageId;
    log('error', 'failed', { messageId: itemIdentifier, error: String(reason?.stack ?? reason) });
    batchItemFailures.push({ itemIdentifier });
  });
  return { batchItemFailures };
};

const work = async ({ messageId, body }) => {
  // Your work. A queue may deliver a message twice: let the second time do no harm.
  log('info', 'message', { messageId, body });
};

const log = (level, message, fields) => console[level](JSON.stringify({ message, ...fields }));
