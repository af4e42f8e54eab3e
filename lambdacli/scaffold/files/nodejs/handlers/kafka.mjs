// Runs for a batch of records from Kafka topics, grouped by topic and partition.

export const handler = async (event) => {
  const records = Object.values(event.records).flat();
  for (const { topic, offset, key, value } of records) await work(topic, offset, decode(key), decode(value));
  return { processed: records.length };
};

const work = async (topic, offset, key, value) => {
  // Your work. An exception brings the batch again: let the second time do no harm.
  console.info(JSON.stringify({ message: 'record', topic, offset, key, value }));
};

const decode = (data) => (data == null ? null : Buffer.from(data, 'base64').toString());
