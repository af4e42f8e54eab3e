// A DynamoDB stream of orders → one mail for each change that the customer should hear of.
import { orderMail } from './mails.mjs';
import { log, send } from './outbox.mjs';

export const handler = async (event) => {
  for (const record of event.Records) {
    try {
      const mail = orderMail(plain(record.dynamodb.OldImage), plain(record.dynamodb.NewImage));
      if (mail) await send(mail);
    } catch (error) {
      const itemIdentifier = record.dynamodb.SequenceNumber;
      log('error', 'order not mailed', { itemIdentifier, error: error.stack });
      // A stream keeps its order: Lambda tries again from the first failure on, so what follows waits.
      return { batchItemFailures: [{ itemIdentifier }] };
    }
  }
  return { batchItemFailures: [] };
};

// DynamoDB's typed values as plain ones: {"id": {"S": "7"}, "total": {"N": "12"}} → {id: "7", total: 12}
const plain = (image = {}) =>
  Object.fromEntries(Object.entries(image).map(([name, { S, N }]) => [name, S ?? (N === undefined ? null : Number(N))]));
