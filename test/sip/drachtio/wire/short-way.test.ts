/** The short way past drachtio-srf: taken where its inside is as it is known, and nowhere else. */
import { createRequire } from 'node:module';
import Srf from 'drachtio-srf';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startFrontEnd, type FrontEnd } from '../../../../lib/embedded/front-end.ts';
import { connectSrf, disconnectSrf } from '../../../../lib/sip/drachtio/connect.ts';
import type { Handler } from '../../../../lib/sip/drachtio/messages.ts';
import { createPort, type Port } from '../../../../lib/sip/drachtio/port.ts';
import type { SrfAtRunTime } from '../../../../lib/sip/drachtio/srf.ts';
import { Phone } from '../../../support/phone.ts';
import { until } from '../../../support/until.ts';

const onSend = createRequire(import.meta.url)('drachtio-srf/lib/on-send') as (
  res: object,
  listener: (status: number) => void,
) => void;
const Response = createRequire(import.meta.url)('drachtio-srf/lib/response') as {
  readonly prototype: { send: (...args: unknown[]) => void };
};

let front: FrontEnd;
let srf: Srf;
let port: Port;
let alice: Phone;

beforeEach(async () => {
  front = await startFrontEnd({ listen: '127.0.0.1:0' });
  srf = new Srf();
  port = createPort(srf);
  alice = await Phone.start('alice', { server: { host: '127.0.0.1', port: front.addresses[0]!.port } });
});
afterEach(async () => {
  vi.restoreAllMocks();
  alice.close();
  disconnectSrf(srf);
  await front.close();
});

async function start(handler: Handler): Promise<void> {
  srf.use('message', port.middleware('handler', handler));
  await connectSrf(srf, { host: front.adminHost, port: front.adminPort, secret: 'cymru' });
}

function toAlice() {
  return port.send({
    method: 'MESSAGE',
    uri: alice.contact.slice(1, -1),
    headers: {
      To: '<sip:alice@example.org>',
      From: '<sip:a@example.org>;tag=1',
      'Content-Type': 'text/plain',
    },
    body: Buffer.from('grüß dich'),
  });
}

describe('an answer', () => {
  test('goes the short way with the drachtio-srf that is installed, and all of it arrives', async () => {
    const send = vi.spyOn(Response.prototype, 'send');
    const ended: number[] = [];
    const finished: string[] = [];
    await start((_, res) => {
      res.once('end', ({ status }) => ended.push(status));
      (res as unknown as { once(event: string, listener: () => void): void }).once('finish', () =>
        finished.push('finish'),
      );
      port.respond(res, 200, {
        headers: { 'SIP-ETag': 'x1', Expires: '60' },
        onSent: (sent) => ended.push(Number(sent)),
      });
      expect(res.finalResponseSent).toBe(true);
    });
    const answer = await alice.message('bob', 'hi');
    expect([answer.status, answer.header('SIP-ETag'), answer.header('Expires')]).toEqual([200, 'x1', '60']);
    await until(() => expect([...ended, ...finished]).toEqual([200, 1, 'finish']));
    expect(send).not.toHaveBeenCalled();
  });

  test('whose sending somebody listens to is sent by drachtio-srf', async () => {
    const heard: number[] = [];
    await start((_, res) => {
      onSend(res, (status) => heard.push(status));
      port.respond(res, 202);
    });
    expect((await alice.message('bob', 'hi')).status).toBe(202);
    expect(heard).toEqual([202]);
  });

  test('to which somebody has given a header has it', async () => {
    await start((_, res) => {
      (res as unknown as { set(name: string, value: string): void }).set('X-Host', 'here');
      port.respond(res, 202);
    });
    expect((await alice.message('bob', 'hi')).header('X-Host')).toBe('here');
  });

  test('with a status that has no phrase here is sent by drachtio-srf, which has one', async () => {
    await start((_, res) => port.respond(res, 486));
    expect((await alice.message('bob', 'hi')).reason).toBe('Busy Here');
  });

  test('that the server refuses is said to be so', async () => {
    const sent: boolean[] = [];
    await start((req, res) => {
      Reflect.set(req, 'stackTxnId', 'nobody');
      port.respond(res, 202, { onSent: (out) => sent.push(out) });
    });
    void alice.message('bob', 'hi').catch(() => undefined);
    await until(() => expect(sent).toEqual([false]));
  });
});

describe('a request', () => {
  test('goes the short way with the drachtio-srf that is installed, and its answer comes back with its CSeq', async () => {
    await start(() => undefined);
    const request = vi.spyOn(srf, 'request');
    const answer = await toAlice();
    expect(answer).toMatchObject({ status: 200, origin: 'peer' });
    expect(`${answer.cseq} MESSAGE`).toBe(alice.messages[0]?.header('CSeq'));
    expect(alice.messages.map(({ body }) => body.toString())).toEqual(['grüß dich']);
    expect(request).not.toHaveBeenCalled();
  });

  test('waits for the final answer, whatever comes before', async () => {
    await start(() => undefined);
    alice.react = () => ({
      raw: (request) => {
        const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map(
          (name) => `${name}: ${request.header(name)}`,
        );
        const made = (line: string) => [line, ...copied, 'Content-Length: 0', '', ''].join('\r\n');
        setTimeout(() => alice.send(Buffer.from(made('SIP/2.0 603 Decline'))), 50);
        return made('SIP/2.0 180 Ringing');
      },
    });
    expect(await toAlice()).toMatchObject({ status: 603, origin: 'peer' });
  });

  test('in a dialog that the server does not know fails as one without', async () => {
    await start(() => undefined);
    const sent = port.send({ method: 'NOTIFY', uri: 'sip:placeholder', headers: {}, dialogId: 'nobody' });
    expect(await sent).toMatchObject({ origin: 'local', failure: 'no-dialog' });
  });

  test('of a host app beside ours gets its answer, and each port takes its own', async () => {
    const other = createPort(srf);
    srf.use(
      'message',
      port.middleware('handler', (_, res) => port.respond(res, 202)),
    );
    // As a host app connects: without our guard before drachtio-srf.
    void srf.connect({ host: front.adminHost, port: front.adminPort, secret: 'cymru' });
    await until(() => expect(port.server()).not.toBe(''));
    const own = new Promise<number>((resolve) => {
      (srf as unknown as SrfAtRunTime).request(
        alice.contact.slice(1, -1),
        { method: 'OPTIONS', headers: { To: '<sip:a@b>', From: '<sip:b@c>' } },
        (_, sent) => sent?.on('response', ({ status }) => resolve(status)),
      );
    });
    const all = await Promise.all([
      own,
      toAlice(),
      other.send({
        method: 'MESSAGE',
        uri: alice.contact.slice(1, -1),
        headers: { To: '<sip:a@b>', From: '<sip:b@c>' },
      }),
      until(async () => expect((await alice.message('bob', 'hi')).status).toBe(202)),
    ]);
    expect([all[0], all[1].status, all[2].status]).toEqual([200, 200, 200]);
  });

  test('where drachtio-srf is not inside as it is known goes by drachtio-srf', async () => {
    await start(() => undefined);
    const inside = srf as unknown as { _app: { client: { isListening: boolean } } };
    Object.defineProperty(inside._app.client, 'isListening', { value: true });
    const strange = createPort(srf);
    const request = vi.spyOn(srf, 'request');
    srf.emit('connect', null, 'udp/127.0.0.1:5060');
    expect(
      await strange.send({
        method: 'MESSAGE',
        uri: alice.contact.slice(1, -1),
        headers: { To: '<sip:a@b>', From: '<sip:b@c>' },
      }),
    ).toMatchObject({ status: 200 });
    expect(request).toHaveBeenCalledOnce();
  });
});
