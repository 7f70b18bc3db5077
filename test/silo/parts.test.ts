import { describe, expect, test } from 'vitest';
import { createSetupAlert } from '../../lib/silo/pace/setup-alert.ts';
import { createBoxes } from '../../lib/silo/state/boxes.ts';
import { deliveryOf, type DeliverOptions } from '../../lib/silo/deliver/outgoing-message.ts';
import type { OutgoingRequest } from '../../lib/sip/drachtio/messages.ts';
import { Unreachable } from '../../lib/sip/drachtio/way.ts';
import { createEvents } from '../../lib/silo/state/events.ts';
import { createInFlight } from '../../lib/silo/state/in-flight.ts';
import { SILO_DEFAULTS } from '../../lib/silo/state/options.ts';
import { headerObject } from '../../lib/silo/receive/kept-headers.ts';
import { backoff, retryAfter } from '../../lib/silo/state/retry-times.ts';
import { storable, verdictOf } from '../../lib/silo/state/outcome.ts';
import { aBinding, aRow } from '../stores/contract/messages.ts';

describe('the outcome of an answer', () => {
  const verdict = (status: number) => verdictOf({ status, origin: 'peer' });

  test('every status from 200 to 699 has a verdict, and only 2xx delivers', () => {
    for (let status = 200; status < 700; status++)
      expect([status, verdict(status) === 'delivered']).toEqual([status, status < 300]);
  });

  test.each([
    ['away', [302, 401, 404, 407, 408, 410, 430, 480, 482, 483]],
    ['later', [423, 481, 486, 487, 491, 500, 503, 504, 600]],
    ['refused', [406, 413, 415, 488, 513, 606]],
    ['incapable', [405, 501]],
    ['dead', [400, 402, 403, 414, 416, 420, 505, 603, 604, 607, 699]],
  ])('%s', (wanted, statuses) => {
    for (const status of statuses) expect([status, verdict(status)]).toEqual([status, wanted]);
  });

  test('a status that drachtio-server made up says nothing of the message', () => {
    for (const status of [400, 408, 410, 503]) expect(verdictOf({ status, origin: 'stack' })).toBe('away');
    expect(verdictOf({ status: 408, origin: 'local', failure: 'timeout' })).toBe('away');
    expect(verdictOf({ status: 400, origin: 'local', failure: 'unsendable' })).toBe('dead');
    expect(verdictOf({ status: 404, origin: 'local', failure: 'target' })).toBe('away');
  });

  test('what may be stored after a live failure: not now and not this device, but no refusal', () => {
    for (const status of [404, 405, 408, 410, 415, 430, 480, 486, 500, 501, 503, 599])
      expect([status, storable(status)]).toEqual([status, true]);
    for (const status of [302, 400, 401, 403, 407, 413, 600, 603, 604])
      expect([status, storable(status)]).toEqual([status, false]);
  });

  test('the back-off grows to an hour, and Retry-After is read', () => {
    expect([1, 2, 3, 4, 5, 6, 99].map((attempts) => backoff(attempts, () => 0.5))).toEqual([
      30, 120, 300, 600, 1800, 3600, 3600,
    ]);
    expect(backoff(1, () => 0)).toBe(24);
    expect(retryAfter({ header: () => '120 (in a meeting);duration=3600' })).toBe(120);
    expect(retryAfter({ header: () => undefined })).toBe(0);
  });
});

describe('events', () => {
  test('a listener that throws harms neither the sender nor the other listeners', () => {
    const events = createEvents();
    const log: string[] = [];
    const failing = () => {
      throw new Error('oops');
    };
    events.on('stored', failing);
    events.on('stored', ({ box }) => log.push(box));
    events.emit('stored', { box: 'a', key: 'k', id: 1 });
    events.off('stored', failing);
    events.emit('stored', { box: 'b', key: 'k', id: 2 });
    expect(log).toEqual(['a', 'b']);
  });
});

describe('flights', () => {
  test('one at a time per contact, in the order of asking, whatever their outcome', async () => {
    const flights = createInFlight();
    const log: string[] = [];
    let inAir = 0;
    const fly = (name: string, fail = false) =>
      flights.take('sip:bob@192.0.2.1', async () => {
        expect(++inAir).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        inAir--;
        log.push(name);
        if (fail) throw new Error(name);
      });
    await Promise.allSettled([fly('a'), fly('b', true), fly('c')]);
    expect(log).toEqual(['a', 'b', 'c']);
  });
});

describe('the set of boxes with mail', () => {
  test('until it is complete every box may have mail', () => {
    const boxes = createBoxes();
    expect(boxes.mayHaveMail('x')).toBe(true);
    boxes.complete();
    expect(boxes.mayHaveMail('x')).toBe(false);
    boxes.add('x');
    expect(boxes.mayHaveMail('x')).toBe(true);
  });

  test('a box found empty leaves it, but not while a message for it is being stored', () => {
    const boxes = createBoxes();
    boxes.complete();
    const stored = boxes.storing('x');
    expect(boxes.mayHaveMail('x')).toBe(true);
    boxes.add('x');
    boxes.foundEmpty('x', boxes.mark());
    expect(boxes.mayHaveMail('x')).toBe(true);
    stored();
    boxes.foundEmpty('x', boxes.mark());
    expect(boxes.mayHaveMail('x')).toBe(false);
  });

  test('a message that came while somebody looked into an empty box keeps the box in the set', () => {
    const boxes = createBoxes();
    boxes.complete();
    boxes.add('x');
    const look = boxes.mark();
    boxes.storing('x')();
    boxes.add('x');
    boxes.foundEmpty('x', look);
    expect(boxes.mayHaveMail('x')).toBe(true);
  });
});

describe('a delivery', () => {
  const request = (...about: Parameters<typeof deliveryOf>): OutgoingRequest => {
    const made = deliveryOf(...about);
    if (made instanceof Unreachable) throw new Error(made.reason);
    return made;
  };
  const to = (over: Parameters<typeof aBinding>[2], options: Partial<DeliverOptions> = {}) =>
    request(
      aRow('bob@example.org', { body: Buffer.from('hi') }),
      aBinding('bob@example.org', 'sip:bob@192.0.2.1:5071', { path: [], ...over }),
      2000,
      { ...SILO_DEFAULTS, ...options },
    );
  const source = (protocol: string, address = '198.51.100.1', port = 40_000) => ({
    source: { protocol, address, port },
  });

  test('goes to the contact, with the AoRs in To and From, and no Contact of its own', () => {
    const delivery = to(source('udp', '192.0.2.1', 5071));
    expect(delivery).toMatchObject({
      uri: 'sip:bob@192.0.2.1:5071',
      proxy: undefined,
      headers: {
        To: '<sip:bob@example.org>',
        Expires: '3000',
        Date: 'Thu, 01 Jan 1970 00:16:30 GMT',
        CSeq: '1 MESSAGE',
        Subject: 'greetings',
      },
    });
    expect(delivery.headers['From']).toMatch(/^"Alice" <sip:alice@example\.org>;tag=[0-9a-f]{16}$/);
    expect(delivery.headers).not.toHaveProperty('Contact');
  });

  test('goes where the REGISTER came from: through NAT and over a live connection', () => {
    expect(to(source('udp')).proxy).toBe('sip:198.51.100.1:40000');
    expect(to(source('tcp')).proxy).toBe('sip:198.51.100.1:40000;transport=tcp');
    expect(to(source('udp', '2001:db8::1')).proxy).toBe('sip:[2001:db8::1]:40000');
  });

  test('goes along the Path, which beats the source', () => {
    const delivery = to({
      ...source('udp'),
      path: ['<sip:edge.example.org;lr>', '<sip:inner.example.org;lr>'],
    });
    expect(delivery.proxy).toBe('sip:edge.example.org;lr');
    expect(delivery.uri).toBe(
      'sip:bob@192.0.2.1:5071?Route=%3Csip:edge.example.org;lr%3E,%3Csip:inner.example.org;lr%3E',
    );
  });

  test('drops headers that a contact wants to smuggle in', () => {
    const binding = aBinding('bob@example.org', 'sip:bob@192.0.2.1:5071?X-Evil=1&Route=%3Csip:evil%3E', {
      path: [],
      ...source('udp', '192.0.2.1', 5071),
    });
    expect(request(aRow('bob@example.org'), binding, 2000, SILO_DEFAULTS).uri).toBe('sip:bob@192.0.2.1:5071');
  });

  test('is impossible to a contact that is no SIP URI', () => {
    const binding = aBinding('bob@example.org', 'mailto:bob@example.org', { path: [] });
    expect(deliveryOf(aRow('bob@example.org'), binding, 2000, SILO_DEFAULTS)).toBeInstanceOf(Unreachable);
  });

  test('keeps its Call-ID and raises its CSeq from attempt to attempt; two messages never share one', () => {
    const message = aRow('bob@example.org', { key: 'a'.repeat(64) });
    const binding = aBinding('bob@example.org', 'sip:bob@192.0.2.1', { path: [] });
    const [first, second] = [0, 1].map(
      (attempts) => request({ ...message, attempts }, binding, 2000, SILO_DEFAULTS).headers,
    );
    expect([first!['Call-ID'], first!['CSeq']]).toEqual(['a'.repeat(32), '1 MESSAGE']);
    expect([second!['Call-ID'], second!['CSeq']]).toEqual(['a'.repeat(32), '2 MESSAGE']);
  });

  test("carries msilo's date prefix only when asked, only on text/plain", () => {
    expect(to({}, { addDate: true }).body!.toString()).toMatch(
      /^\[Offline message - \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d 1970\] hi$/,
    );
    const cpim = aRow('bob@example.org', { contentType: 'message/cpim', body: Buffer.from('x') });
    expect(
      request(cpim, aBinding('bob@example.org', 'sip:bob@192.0.2.1'), 2000, {
        ...SILO_DEFAULTS,
        addDate: true,
      }).body!.toString(),
    ).toBe('x');
  });

  test('a stored header line of another program can neither inject nor replace what delivery writes', () => {
    expect(
      headerObject(
        'X-A: 1\r\nx-a: 2\r\nVia: evil\r\nCall-ID: evil\r\nnonsense\r\nBad Name: 3\r\nX-Fold: a\r\n b\r\n',
      ),
    ).toEqual({
      'X-A': '1, 2',
      'X-Fold': 'a b',
    });
  });
});

test('an answer that means a wrong set-up is told of once an hour for each next hop', () => {
  const warnings: string[] = [];
  let time = 0;
  const alarm = createSetupAlert(
    () => time,
    (text) => void warnings.push(text),
  );
  for (const status of [401, 407, 482, 483, 401, 403, 404, 480, 503]) alarm.heard('sip:one', status);
  alarm.heard('sip:two', 401);
  expect(warnings.map((text) => text.slice(0, 20))).toEqual([
    'sip:one answered 401',
    'sip:one answered 407',
    'sip:one answered 482',
    'sip:one answered 483',
    'sip:two answered 401',
  ]);
  time = 3_600_000;
  alarm.heard('sip:one', 401);
  expect(warnings).toHaveLength(6);
});
