/** The judge of the kill runs must itself be able to find fault. */
import { expect, test } from 'vitest';
import { Ledger } from '../support/load/ledger.ts';

function accepted(ledger: Ledger): { readonly id: number; readonly body: string } {
  const message = ledger.send('text');
  ledger.answer(message.id, 202);
  return message;
}

test('a message that got a 2xx and never arrived is lost', () => {
  const ledger = new Ledger();
  const { body } = accepted(ledger);
  accepted(ledger);
  ledger.arrive('bob', 'call', body);
  expect(ledger.totals).toMatchObject({ sent: 2, acknowledged: 2, delivered: 1, lost: 1 });
  expect(ledger.broken).toEqual([]);
});

test('a message without an answer, or with 503, may be missing', () => {
  const ledger = new Ledger();
  ledger.answer(ledger.send('').id, 0);
  ledger.answer(ledger.send('').id, 503);
  expect(ledger.totals).toMatchObject({ unanswered: 1, refused: 1, lost: 0 });
  expect(ledger.broken).toEqual([]);
});

test('one double per kill and device is allowed, and no double without a fault', () => {
  const ledger = new Ledger();
  const [one, two] = [accepted(ledger), accepted(ledger)];
  ledger.arrive('bob', 'call 1', one.body);
  ledger.fault();
  ledger.arrive('bob', 'call 1', one.body);
  expect(ledger.broken).toEqual([]);
  ledger.arrive('bob', 'call 2', two.body);
  ledger.arrive('bob', 'call 2', two.body);
  expect(ledger.broken).toEqual(['bob got message 1 twice without a fault']);
  expect(ledger.totals.doubled).toBe(2);
});

test('two doubles at one device for the same fault are one too many', () => {
  const ledger = new Ledger();
  const messages = [accepted(ledger), accepted(ledger)];
  for (const { id, body } of messages) ledger.arrive('bob', String(id), body);
  ledger.fault();
  for (const { id, body } of messages) ledger.arrive('bob', String(id), body);
  expect(ledger.broken).toEqual(['bob got a second message twice for fault 1 (message 1, from  and )']);
});

test('a double with another Call-ID, a strange body and a refusal are faults', () => {
  const ledger = new Ledger();
  const { id, body } = accepted(ledger);
  ledger.arrive('bob', 'call 1', body);
  ledger.fault();
  ledger.arrive('bob', 'call 2', body);
  ledger.arrive('bob', 'call 3', `${id} changed`);
  ledger.answer(ledger.send('').id, 404);
  expect(ledger.broken).toEqual([
    'bob got message 0 again with another Call-ID',
    'bob got a body that nobody sent: 0 changed',
    'message 1 was refused with 404',
  ]);
});

test('what was accepted before another was sent must arrive before it, on each device', () => {
  const ledger = new Ledger();
  const [first, second] = [accepted(ledger), accepted(ledger)];
  ledger.arrive('desk', 'a', first.body);
  ledger.arrive('desk', 'b', second.body);
  expect(ledger.broken).toEqual([]);
  ledger.arrive('mobile', 'b', second.body);
  ledger.arrive('mobile', 'a', first.body);
  expect(ledger.broken).toEqual(['mobile got message 0 after one that was sent when 0 had been accepted']);
});

test('the fault of another node excuses no double, unless that node had the message in hand', () => {
  const ledger = new Ledger();
  const [one, two] = [accepted(ledger), accepted(ledger)];
  ledger.arrive('bob', 'a', one.body, 'node 1');
  ledger.fault('node 2');
  ledger.arrive('bob', 'a', one.body, 'node 1');
  expect(ledger.broken).toEqual(['bob got message 0 twice without a fault']);
  // Stopped with the message in hand, and it sends it after all when it goes on.
  ledger.arrive('bob', 'b', two.body, 'node 1');
  ledger.arrive('bob', 'b', two.body, 'node 2');
  expect(ledger.broken).toHaveLength(1);
});
