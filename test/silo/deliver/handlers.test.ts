/** Live delivery and registrations: the handlers, called with a context, without sockets. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { onLive } from '../../../lib/silo/deliver/on-live.ts';
import { onRegister } from '../../../lib/silo/deliver/on-register.ts';
import { LiveFailure } from '../../../lib/silo/receive/live-failure.ts';
import { createUnderWay } from '../../../lib/silo/receive/under-way.ts';
import { keyOf } from '../../../lib/silo/receive/message-of-request.ts';
import { createInFlight } from '../../../lib/silo/state/in-flight.ts';
import { UnreachableDevices } from '../../../lib/silo/state/unreachable-devices.ts';
import { SILO_DEFAULTS } from '../../../lib/silo/state/options.ts';
import type { Binding } from '../../../lib/sip/read/binding.ts';
import { Reply, aRequest, answerOf } from '../request.ts';
import { BOX, device } from './desk.ts';

let reply: Reply;

beforeEach(() => {
  reply = new Reply();
});

describe('a MESSAGE that is delivered live', () => {
  const message = () => aRequest('MESSAGE', [], 'hi');
  let devices: readonly Binding[];
  let status: number;
  let remembered: string[];

  beforeEach(() => {
    devices = [device(1)];
    status = 200;
    remembered = [];
  });
  const live = (req = message()) =>
    onLive({
      port: { ...reply.port, send: () => Promise.resolve(answerOf(status)), server: () => '' },
      settings: SILO_DEFAULTS,
      now: () => 2000,
      inFlight: createInFlight(),
      unreachable: new UnreachableDevices(() => 2000),
      bindings: { find: () => Promise.resolve(devices) },
      underWay: createUnderWay({ ...reply.port, onReconnect: () => undefined }),
      late: { remember: (key) => remembered.push(key), deliver: () => Promise.resolve(false) },
    })(req, reply.res, reply.next);

  test('is answered with 200 when a device takes it, and remembered', async () => {
    await live();
    expect(reply.answers).toMatchObject([{ status: 200 }]);
    expect([remembered, reply.handedOn]).toEqual([[keyOf(message(), BOX)], []]);
  });

  test.each([480, 603])('and gets %d is handed on with that status', async (given) => {
    status = given;
    await live();
    expect(reply.answers).toEqual([]);
    expect(reply.handedOn).toMatchObject([{ name: 'LiveFailure', status: given, triedAll: true }]);
  });

  test('to a recipient whose last device has just left fails with 480', async () => {
    devices = [];
    await live();
    expect(reply.handedOn).toEqual([new LiveFailure(480, 'no device takes MESSAGE')]);
  });

  test('that can never be sent is no failure of delivery: it is thrown', async () => {
    const body = ['Content-Type: no type'];
    await expect(live(aRequest('MESSAGE', body, 'hi'))).rejects.toMatchObject({ status: 400 });
    expect(reply.handedOn).toEqual([]);
  });

  test('inside a dialog is handed on untouched', async () => {
    await live(aRequest('MESSAGE', ['To: <sip:bob@example.org>;tag=b1'], 'hi'));
    expect([reply.answers, reply.handedOn]).toEqual([[], [undefined]]);
  });
});

describe('a REGISTER that passes', () => {
  let seen: string[];
  let mail: boolean;

  beforeEach(() => {
    seen = [];
    mail = true;
  });
  const register = (...headers: string[]) =>
    onRegister({
      settings: { dumpDelay: 0, telDomain: '', ims: false },
      boxes: { mayHaveMail: () => mail },
      observed: { observe: ({ kind }) => seen.push(`observed ${kind}`) },
      known: { note: () => Promise.resolve() },
      unreachable: { note: () => undefined },
      races: { note: (aor) => seen.push(`race ${aor}`) },
      devicesChanged: (box) => seen.push(`changed ${box}`),
      wake: (box, why) => seen.push(`wake ${box} ${why}`),
    })(aRequest('REGISTER', headers), reply.res, reply.next);
  const LIVE = ['Contact: <sip:bob@192.0.2.1>', 'Expires: 600'];
  const NOTED = ['observed register', `changed ${BOX}`, `race ${BOX}`];

  test('is handed on at once, and wakes the box only after its 2xx', async () => {
    await register(...LIVE);
    expect([reply.handedOn, seen]).toEqual([[undefined], []]);
    reply.end(200);
    expect(seen).toEqual(NOTED);
    await vi.waitFor(() => expect(seen).toEqual([...NOTED, `wake ${BOX} register`]));
  });

  test('wakes nothing where no mail waits', async () => {
    mail = false;
    await register(...LIVE);
    reply.end(200);
    mail = true;
    await register(...LIVE);
    reply.end(200);
    await vi.waitFor(() => expect(seen).toEqual([...NOTED, ...NOTED, `wake ${BOX} register`]));
  });

  test.each([401, 503])('and gets %d changes nothing', async (status) => {
    await register(...LIVE);
    reply.end(status);
    expect(seen).toEqual([]);
  });

  test.each([
    ['that device', ['Contact: <sip:bob@192.0.2.1>;expires=0'], 'register'],
    ['all devices', ['Contact: *', 'Expires: 0'], 'clear'],
  ])('and takes back %s is heard of, and wakes nothing', async (_, headers, kind) => {
    await register(...headers);
    reply.end(200);
    expect(seen).toEqual([`observed ${kind}`, `changed ${BOX}`]);
  });

  test.each([
    ['only asks', []],
    ["can't be read", ['Contact: *']],
  ])('and %s is left to the registrar', async (_, headers) => {
    await register(...headers);
    reply.end(200);
    expect([reply.handedOn, seen]).toEqual([[undefined], []]);
  });
});
