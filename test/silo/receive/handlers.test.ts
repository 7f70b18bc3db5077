/** What becomes of a MESSAGE that comes in, or was not delivered: the handlers, called with a context, without sockets. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Acceptor, StoreResult } from '../../../lib/silo/receive/accept.ts';
import { LiveFailure } from '../../../lib/silo/receive/live-failure.ts';
import { createUnderWay } from '../../../lib/silo/receive/under-way.ts';
import { keyOf } from '../../../lib/silo/receive/message-of-request.ts';
import { onFailure } from '../../../lib/silo/receive/on-failure.ts';
import { onMessage, type OnMessageContext } from '../../../lib/silo/receive/on-message.ts';
import { createRegistrationRaces } from '../../../lib/silo/receive/registration-race.ts';
import { SILO_DEFAULTS, type SiloSettings } from '../../../lib/silo/state/options.ts';
import type { Binding } from '../../../lib/sip/read/binding.ts';
import { aBinding } from '../../stores/contract/messages.ts';
import { Reply, aRequest } from '../request.ts';

const NOW = 1_800_000_000;
const BOX = 'bob@example.org';
const STORED = { result: 'stored', status: 202, box: BOX, key: 'k', id: 1 } as const;

let reply: Reply;
let devices: readonly Binding[];
let mail: 'here' | 'elsewhere' | 'none';
let result: StoreResult;
/** What was asked of the acceptor and the lanes. */
let stored: Parameters<Acceptor['store']>[1][];
let woken: string[];
let delivered: Set<string>;
const races = createRegistrationRaces();
const acceptor: Pick<Acceptor, 'store'> = {
  store: (_, over) => {
    stored.push(over);
    return Promise.resolve(result);
  },
};

beforeEach(() => {
  reply = new Reply();
  devices = [];
  mail = 'none';
  result = STORED;
  stored = [];
  woken = [];
  delivered = new Set();
});

function context(settings: Partial<SiloSettings> = {}): OnMessageContext {
  return {
    port: reply.port,
    settings: { ...SILO_DEFAULTS, ...settings },
    now: () => NOW,
    bindings: { find: () => Promise.resolve(devices) },
    boxes: { mayHaveMail: () => mail === 'here' },
    store: { holdsMail: () => Promise.resolve(mail === 'elsewhere') },
    acceptor,
    races,
    underWay: createUnderWay({ ...reply.port, onReconnect: () => undefined }),
    wasDelivered: (key) => delivered.has(key),
    wake: (box, why) => woken.push(`${why} ${box}`),
  };
}
const message = (...headers: string[]) => aRequest('MESSAGE', headers, 'hi');
const comesIn = async (req = message(), settings: Partial<SiloSettings> = {}) =>
  onMessage(context(settings))(req, reply.res, reply.next);

describe('a MESSAGE that comes in', () => {
  test('is stored when its recipient has no device', async () => {
    await comesIn();
    expect(reply.answers).toEqual([{ status: 202 }]);
    expect([stored, woken, reply.handedOn]).toEqual([[{ skipNotice: false }], [], []]);
  });

  test('is handed on when its recipient has a device and nothing waits', async () => {
    devices = [aBinding(BOX, 'sip:bob@192.0.2.1')];
    await comesIn();
    expect([reply.answers, stored, reply.handedOn]).toEqual([[], [], [undefined]]);
  });

  test.each(['here', 'elsewhere'] as const)(
    'goes behind what waits (known %s), and wakes the box',
    async (where) => {
      devices = [aBinding(BOX, 'sip:bob@192.0.2.1')];
      mail = where;
      await comesIn();
      expect([stored, woken]).toEqual([[{ skipNotice: true }], [`accept ${BOX}`]]);
      expect(reply.answers).toEqual([{ status: 202 }]);
    },
  );

  test('that a proxy has just tried in vain is stored, and not sent at once', async () => {
    devices = [aBinding(BOX, 'sip:bob@192.0.2.1')];
    const req = message();
    await onMessage(context())(Object.assign(req, { uri: `${req.uri};cause=408` }), reply.res, reply.next);
    expect(stored[0]!.nextTime).toBeGreaterThan(NOW);
    expect([reply.answers, woken]).toEqual([[{ status: 202 }], []]);
  });

  test('that a device has taken lately is a repeat: 202, and nothing more', async () => {
    devices = [aBinding(BOX, 'sip:bob@192.0.2.1')];
    const req = message();
    delivered.add(keyOf(req, BOX));
    await comesIn(req);
    expect([reply.answers, stored, reply.handedOn]).toEqual([[{ status: 202 }], [], []]);
  });

  test('wakes the box when a device registers while it is stored', async () => {
    const slow: Pick<Acceptor, 'store'> = {
      store: () => {
        races.note(BOX);
        return Promise.resolve(STORED);
      },
    };
    await onMessage({ ...context(), acceptor: slow })(message(), reply.res, reply.next);
    expect(woken).toEqual([`register ${BOX}`]);
  });

  test('goes by way of the box where every device is owed it', async () => {
    devices = [aBinding(BOX, 'sip:bob@192.0.2.1')];
    await comesIn(message(), { deliverTo: 'every' });
    expect([stored, woken]).toEqual([[{ skipNotice: true }], [`accept ${BOX}`]]);
    await comesIn(message('Expires: 0'), { deliverTo: 'every' });
    expect(reply.handedOn).toEqual([undefined]);
  });

  test('with a set time is stored, and woken only when that has come', async () => {
    devices = [aBinding(BOX, 'sip:bob@192.0.2.1')];
    const settings = { sendAtHeader: 'X-At' };
    await comesIn(message('X-At: 2027-01-16T00:00:00Z'), settings);
    expect([stored, woken]).toEqual([[{ skipNotice: false }], []]);
    await comesIn(message('X-At: 2027-01-15T07:59:59Z'), settings);
    expect(woken).toEqual([`accept ${BOX}`]);
  });

  test.each([
    [
      'refused',
      { result: 'refused', status: 480, reason: 'The box is full.', retryAfter: undefined },
      [{ status: 480, reason: 'The box is full.', headers: {} }],
    ],
    [
      'unavailable',
      { result: 'unavailable', status: 503, reason: 'secret', retryAfter: 5 },
      [{ status: 503, reason: '', headers: { 'Retry-After': '5' } }],
    ],
  ] as const)('that is %s says why, and wakes nothing', async (_, given, answers) => {
    result = given;
    mail = 'here';
    devices = [aBinding(BOX, 'sip:bob@192.0.2.1')];
    await comesIn();
    expect([reply.answers, woken]).toEqual([answers, []]);
  });

  test.each([
    ['inside a dialog', message('To: <sip:bob@example.org>;tag=b1')],
    ['to a domain that is not served', message()],
    ['that is none', aRequest('INFO')],
  ])('%s is not ours: it is handed on', async (_, req) => {
    await comesIn(req, { domains: ['example.com'] });
    expect([reply.answers, stored, reply.handedOn]).toEqual([[], [], [undefined]]);
  });
});

describe('a MESSAGE that was not delivered live', () => {
  const fails = (error: unknown, req = message()) =>
    onFailure({ port: reply.port, acceptor, now: () => NOW })(error, req, reply.res, reply.next);

  test.each([408, 480, 486, 503])('with %d is stored, and tried again after a while', async (status) => {
    await fails(new LiveFailure(status, 'no'));
    expect(reply.answers).toEqual([{ status: 202 }]);
    expect(stored[0]!.nextTime).toBeGreaterThan(NOW);
  });

  test('while another node has the connection of a device may be sent by that one at once', async () => {
    await fails(new LiveFailure(408, 'no', false));
    expect(stored).toEqual([{}]);
  });

  test('by a fault without a status is stored', async () => {
    await fails(new TypeError('oops'));
    expect(reply.answers).toEqual([{ status: 202 }]);
  });

  test.each([403, 603, 302])('with %d goes back to its sender', async (status) => {
    const error = new LiveFailure(status, 'no');
    await fails(error);
    expect([reply.answers, stored, reply.handedOn]).toEqual([[], [], [error]]);
  });

  test('is left alone when it is answered already, or no MESSAGE', async () => {
    const error = new LiveFailure(480, 'no');
    await fails(error, aRequest('INFO'));
    Object.assign(reply.res, { finalResponseSent: true });
    await fails(error);
    expect([stored, reply.handedOn]).toEqual([[], [error, error]]);
  });
});
