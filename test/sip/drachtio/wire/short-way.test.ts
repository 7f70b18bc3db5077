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

/** drachtio-srf's agent, whose two functions every frame goes through that is not ours. */
interface Client {
  isListening: boolean;
  readonly idle: boolean;
  sendMessage(...args: unknown[]): unknown;
  _makeRequest(...args: unknown[]): unknown;
}
const clientOf = (of: Srf) => (of as unknown as { readonly _app: { readonly client: Client } })._app.client;

/** A response, as a host sees it. */
interface HostResponse {
  set(name: string, value: string): void;
  on(event: string, listener: () => void): void;
  send(status: number, ...more: unknown[]): void;
  body: string;
  readonly stackDialogId?: string;
  readonly stackTxnId?: string;
}
const hosts = (res: unknown) => res as HostResponse;

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
    const ended: number[] = [];
    const finished: string[] = [];
    await start((_, res) => {
      res.once('end', ({ status }) => ended.push(status));
      hosts(res).on('finish', () => finished.push('finish'));
      port.respond(res, 200, {
        headers: { 'SIP-ETag': 'x1', Expires: '60' },
        onSent: (sent) => ended.push(Number(sent)),
      });
      expect(res.finalResponseSent).toBe(true);
    });
    const send = vi.spyOn(clientOf(srf), 'sendMessage');
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
      hosts(res).set('X-Host', 'here');
      port.respond(res, 202);
    });
    expect((await alice.message('bob', 'hi')).header('X-Host')).toBe('here');
  });

  test('with a status that has no phrase here is sent by drachtio-srf, which has one', async () => {
    await start((_, res) => port.respond(res, 486));
    expect((await alice.message('bob', 'hi')).reason).toBe('Busy Here');
  });

  test('that waits for its turn is the one that goes when somebody else answers meanwhile, and ends once', async () => {
    const ended: number[] = [];
    await start((_, res) => {
      res.once('end', ({ status }) => ended.push(status));
      hosts(res).on('end', () => ended.push(0));
      // Behind a large frame of ours nothing else leaves.
      void port.send({
        method: 'MESSAGE',
        uri: 'sip:a@127.0.0.1:9',
        headers: {},
        body: Buffer.alloc(4_500, 'x'),
      });
      port.respond(res, 202);
      hosts(res).send(403);
    });
    expect((await alice.message('bob', 'hi')).status).toBe(202);
    await until(() => expect(ended).toEqual([202, 0]));
  });

  test('leaves what a host may ask of it later: dialog, transaction, source', async () => {
    let answered: HostResponse | undefined;
    await start((_, res) => {
      answered = hosts(res);
      port.respond(res, 202);
    });
    await alice.message('bob', 'hi');
    await until(() => expect(answered?.stackTxnId).toMatch(/./));
  });

  test('to which a host has given a body has it', async () => {
    await start((_, res) => {
      hosts(res).body = 'hello';
      hosts(res).set('Content-Type', 'text/plain');
      port.respond(res, 202);
    });
    expect((await alice.message('bob', 'hi')).body.toString()).toBe('hello');
  });

  test('with a header twice, in two spellings, has it once', async () => {
    await start((_, res) => port.respond(res, 503, { headers: { Supported: 'a', supported: 'b' } }));
    expect((await alice.message('bob', 'hi')).header('Supported')).toBe('a,b');
  });

  test.each([
    [499, 400],
    [299, 200],
  ])('with the status %i, which no RFC has, is given as %i', async (given, sent) => {
    await start((_, res) => port.respond(res, given, { reason: 'no' }));
    expect((await alice.message('bob', 'hi')).status).toBe(sent);
  });

  test('whose sending a host has replaced, for one or for all, is sent by that', async () => {
    const seen: string[] = [];
    await start((_, res) => {
      const send = hosts(res).send.bind(res);
      if (seen.length === 0)
        hosts(res).send = (...args) => {
          seen.push('one');
          send(...args);
        };
      port.respond(res, 202);
    });
    expect((await alice.message('bob', 'hi')).status).toBe(202);
    const client = clientOf(srf) as unknown as { sendResponse: (...args: unknown[]) => unknown };
    const { sendResponse } = client;
    client.sendResponse = (...args) => {
      seen.push('all');
      return Reflect.apply(sendResponse, client, args);
    };
    expect((await alice.message('bob', 'hi')).status).toBe(202);
    expect(seen).toEqual(['one', 'all']);
  });

  test('of one connection is heard of when another one ends', async () => {
    const sent: boolean[] = [];
    await start((_, res) => {
      port.respond(res, 202, { onSent: (out) => sent.push(out) });
      srf.emit('close');
    });
    expect((await alice.message('bob', 'hi')).status).toBe(202);
    await until(() => expect(sent).toEqual([true]), 2_000);
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
    const request = vi.spyOn(clientOf(srf), '_makeRequest');
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

  test('that is out keeps drachtio-srf from being idle, and no longer than that', async () => {
    await start(() => undefined);
    alice.react = () => new Promise((resolve) => setTimeout(() => resolve(200), 200));
    const sent = toAlice();
    expect(clientOf(srf).idle).toBe(false);
    await alice.received(1);
    expect(clientOf(srf).idle).toBe(false);
    await sent;
    expect(clientOf(srf).idle).toBe(true);
    alice.react = () => 'silence';
    await port.send({ method: 'MESSAGE', uri: alice.contact.slice(1, -1), headers: {} }, 300);
    expect(clientOf(srf).idle).toBe(true);
  });

  test('goes by what a host has put in the place of srf.request', async () => {
    await start(() => undefined);
    const request = vi.spyOn(srf, 'request');
    expect(await toAlice()).toMatchObject({ status: 200 });
    expect(request).toHaveBeenCalledOnce();
  });

  test('of a port that was made when there was a connection goes the short way, too', async () => {
    await start(() => undefined);
    const late = createPort(srf);
    const request = vi.spyOn(clientOf(srf), '_makeRequest');
    const uri = alice.contact.slice(1, -1);
    expect(await late.send({ method: 'MESSAGE', uri, headers: {} })).toMatchObject({ status: 200 });
    expect(request).not.toHaveBeenCalled();
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
    Object.defineProperty(clientOf(srf), 'isListening', { value: true });
    const strange = createPort(srf);
    const request = vi.spyOn(clientOf(srf), '_makeRequest');
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
