// Runs for a batch of records of a stream, in the order in which they arrived in their shard.

export const handler = async (event) => {
  for (const { kinesis } of event.Records) {
    try {
      await work(kinesis.partitionKey, Buffer.from(kinesis.data, 'base64'));
    } catch (error) {
      const itemIdentifier = kinesis.sequenceNumber;
      log('error', 'failed', { sequenceNumber: itemIdentifier, error: error.stack });
      // A stream keeps its order: Lambda tries again from the first failure on, so what follows waits.
      return { batchItemFailures: [{ itemIdentifier }] };
    }
  }
  return { batchItemFailures: [] };
};

const work = async (partitionKey, data) => {
  // Your work. A record may come twice: let the second time do no harm.
  log('info', 'record', { partitionKey, data: data.toString() });
};

const log = (level, message, fields) => console[level](JSON.stringify({ message, ...fields }));
