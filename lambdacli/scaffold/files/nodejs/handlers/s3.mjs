// Runs when something happens to the objects of a bucket.

export const handler = async (event) => {
  for (const { eventName, s3 } of event.Records) {
    const key = decodeURIComponent(s3.object.key.replaceAll('+', ' ')); // S3 sends keys as in a URL
    await work(eventName, s3.bucket.name, key, s3.object.size);
  }
  return { processed: event.Records.length };
};

const work = async (happened, bucket, key, size) => {
  // Your work. S3 may send an event twice: let the second time do no harm.
  console.info(JSON.stringify({ message: happened, bucket, key, size }));
};
