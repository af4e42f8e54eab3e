import assert from 'node:assert/strict';
import { test } from 'node:test';

import { invoiceMail, orderMail } from '../src/mails.mjs';

const order = { id: '7', email: 'ada@example.com', total: 1250, status: 'PLACED' };

test('a new order is confirmed, with its price', () => {
  assert.deepEqual(orderMail({}, order), {
    id: '7-PLACED',
    to: 'ada@example.com',
    subject: 'Your order 7 (€12.50)',
  });
});

test('only a change of status is worth a mail', () => {
  assert.equal(orderMail(order, { ...order, total: 99 }), null);
  assert.equal(orderMail(order, { ...order, status: 'SHIPPED' }).subject, 'Your order 7 is on its way');
});

test('an invoice goes to the address in its key', () => {
  assert.equal(invoiceMail('invoices', '7/ada@example.com.pdf').to, 'ada@example.com');
  assert.equal(invoiceMail('invoices', 'readme.pdf'), null);
});
