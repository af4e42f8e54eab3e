// Runs for log events that a subscription filter lets through.
import { gunzipSync } from 'node:zlib';

export const handler = async ({ awslogs }) => {
  const batch = JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')));
  if (batch.messageType === 'CONTROL_MESSAGE') return { processed: 0 }; // CloudWatch asks whether this can be reached
  for (const { timestamp, message } of batch.logEvents) await work(batch.logGroup, timestamp, message);
  return { processed: batch.logEvents.length };
};

const work = async (group, timestamp, text) => {
  // Your work. Never subscribe this function to its own log group.
  console.info(JSON.stringify({ message: 'log event', group, timestamp, text }));
};
