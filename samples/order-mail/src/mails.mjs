// What to write to whom: pure functions, easy to test.

const SUBJECTS = {
  PLACED: (order) => `Your order ${order.id} (${money(order)})`,
  SHIPPED: (order) => `Your order ${order.id} is on its way`,
  CANCELLED: (order) => `Your order ${order.id} was cancelled`,
};

// The mail for a change of an order, or null when there is nothing to say.
export const orderMail = (before, after) => {
  const subject = SUBJECTS[after.status];
  if (!subject || !after.email || before.status === after.status) return null;
  return {
    id: `${after.id}-${after.status}`, // the same change has the same id, however often the stream delivers it
    to: after.email,
    subject: subject(after),
  };
};

// The mail that brings an invoice, or null when the key is not one of an invoice.
export const invoiceMail = (bucket, key) => {
  const [, order, to] = /^([^/]+)\/([^/]+@[^/]+)\.pdf$/i.exec(key) ?? [];
  if (!order) return null;
  return { id: `${order}-invoice`, to, subject: `Invoice for order ${order}`, attachment: `s3://${bucket}/${key}` };
};

const money = ({ total = 0, currency = 'EUR' }) =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).format(total / 100);
