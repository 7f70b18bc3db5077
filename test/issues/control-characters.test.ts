/** From and To of a SUBSCRIBE with a control character in them were repeated in every NOTIFY. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

let node: TestNode;
let alice: Phone;
beforeEach(async () => {
  node = await startNode();
  alice = await Phone.start('alice', { server: node.server });
});
afterEach(async () => {
  alice.close();
  await node.close();
});

const VALUES = [
  '<sip:al\u0017ice@example.org>',
  '"\u0017" <sip:alice@example.org>',
  '"\u007f" <sip:alice@example.org>',
];

for (const name of ['From', 'To'])
  for (const method of ['SUBSCRIBE', 'MESSAGE', 'REGISTER', 'PUBLISH', 'OPTIONS'])
    test.each(VALUES)(`${method} with a control character in ${name} (%j) gets 400`, async (value) => {
      const answer = await alice.request(method, 'sip:alice@example.org', 'alice@example.org', {
        [name]: `${value}${name === 'From' ? ';tag=1' : ''}`,
        Contact: alice.contact,
        Event: 'message-summary',
        Expires: '60',
      });
      expect(answer.status).toBe(400);
      expect(alice.requests).toEqual([]);
    });

test('a tab and a folded line are none', async () => {
  const answer = await alice.message('bob', 'hello', {
    headers: { From: '"A\t\r\n B" <sip:alice@example.org>;tag=1' },
  });
  expect(answer.status).toBe(202);
});

test.each(['\r', '\n'])('a lone %j in a SUBSCRIBE gets into no NOTIFY of its dialog', async (end) => {
  const usual = {
    From: '<sip:alice@example.org>;tag=1',
    Contact: alice.contact,
    Event: 'message-summary;id=1',
    Expires: '60',
  };
  for (const name of ['From', 'Contact', 'Event'] as const) {
    const headers = { ...usual, [name]: `${usual[name]}${end}}`, 'Call-ID': `of-${name}` };
    const answer = await alice.request('SUBSCRIBE', `sip:${alice.aor}`, alice.aor, headers);
    if (answer.status === 200)
      await alice.until(
        () => alice.requests.some((request) => request.header('Call-ID') === `of-${name}`),
        () => 'no NOTIFY',
      );
  }
  await alice.heard();
  for (const notify of alice.requests) expect(notify.lines.join('')).not.toMatch(/[\r\n}]/);
});

test('what the phone has folded is on one line in the requests that it gets', async () => {
  const answer = await alice.request('SUBSCRIBE', `sip:${alice.aor}`, alice.aor, {
    From: '<sip:alice@example.org>;\r\n tag=1',
    To: '<sip:alice@example.org>\r\n\t;x=1',
    Contact: alice.contact,
    Event: 'message-summary;\r\n id=1',
    Expires: '60',
  });
  expect(answer.status).toBe(200);
  await alice.until(
    () => alice.requests.length > 0,
    () => 'no NOTIFY',
  );
  const [notify] = alice.requests;
  expect(notify?.lines.filter((line) => /^[ \t]/.test(line))).toEqual([]);
  expect(notify?.header('To')).toMatch(/;\s*tag=1$/);
  expect(notify?.header('Event')).toMatch(/;\s*id=1$/);
});
