/** The unmodified drachtio-srf of npm against the embedded front end. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFrontEnd, type FrontEnd } from '../../lib/embedded/front-end.ts';
import { request, reply, tag } from '../support/sip/message.ts';
import { UdpPeer, TcpPeer } from '../support/sip/peer.ts';

/** The part of drachtio-srf that these tests use; its own types do not cover it. */
interface Answer {
  readonly status: number;
  readonly source_address: string;
}
interface SentRequest {
  readonly stackTxnId: string;
  readonly msg: { readonly headers: Readonly<Record<string, string>> };
  on(event: 'response', listener: (answer: Answer) => void): void;
}
interface ReceivedRequest {
  readonly method: string;
  readonly body: string;
  readonly stackDialogId: string;
  readonly source_address: string;
  readonly receivedOn: string;
  get(name: string): string;
}
interface ReceivedResponse {
  send(
    status: number,
    options?: object,
    callback?: (error: unknown, sent: { headers: Record<string, string> }) => void,
  ): void;
}
type Handler = (req: ReceivedRequest, res: ReceivedResponse) => void;
interface Stack {
  connect(options: object): void;
  disconnect(): void;
  on(event: string, listener: (...values: never[]) => void): void;
  use(method: string, handler: Handler): void;
  request(uri: string, options: object, callback: (error: Error | null, sent: SentRequest) => void): void;
}
const Srf = createRequire(import.meta.url)('drachtio-srf') as new () => Stack;

describe('drachtio-srf 5 on the embedded front end', () => {
  let frontEnd: FrontEnd;
  let srf: Stack;
  const handlers = new Map<string, Handler>();

  beforeEach(async () => {
    frontEnd = await startFrontEnd({ listen: '127.0.0.1:0' });
    srf = new Srf();
    handlers.clear();
    for (const method of ['register', 'message', 'options', 'subscribe', 'publish'])
      srf.use(method, (req, res) => handlers.get(method)?.(req, res));
    srf.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      srf.on('connect', (error: Error | null) => (error ? reject(error) : resolve()));
      srf.connect({ host: frontEnd.adminHost, port: frontEnd.adminPort, secret: 'cymru' });
    });
  });

  afterEach(async () => {
    srf.disconnect();
    await frontEnd.close();
  });

  const sip = () => ({ host: '127.0.0.1', port: frontEnd.addresses[0]!.port });

  function send(uri: string, options: object): Promise<{ sent: SentRequest; answer: Answer }> {
    return new Promise((resolve, reject) => {
      srf.request(uri, options, (error, sent) => {
        if (error) reject(error);
        else sent.on('response', (answer) => resolve({ sent, answer }));
      });
    });
  }

  it.each(['REGISTER', 'MESSAGE', 'OPTIONS', 'PUBLISH'])(
    'hands %s to its handler and sends the answer',
    async (method) => {
      handlers.set(method.toLowerCase(), (req, res) => {
        expect(req.source_address).toBe('127.0.0.1');
        expect(req.receivedOn).toBe(`127.0.0.1:${sip().port}`);
        res.send(200, { headers: { 'X-Body': req.body } });
      });
      for (const peer of [await UdpPeer.open(sip()), await TcpPeer.open(sip())]) {
        peer.send(request(peer, method, { headers: ['Content-Type: text/plain'], body: 'emoji 🎉' }));
        const answer = await peer.take();
        expect(answer.start).toBe('SIP/2.0 200 OK');
        expect(answer.header('x-body')).toBe('emoji 🎉');
        await peer.close();
      }
    },
  );

  it('sends a request and gives its answer to the callback form', async () => {
    const phone = await UdpPeer.open(sip());
    const done = send(`sip:bob@127.0.0.1:${phone.port}`, {
      method: 'MESSAGE',
      headers: { To: '<sip:bob@example.com>', From: '<sip:alice@example.com>', 'Content-Type': 'text/plain' },
      body: 'héllo 🎉',
    });
    const message = await phone.take();
    expect(message.body.toString('utf8')).toBe('héllo 🎉');
    phone.send(reply(message, 200, 'OK'));
    const { answer } = await done;
    expect(answer).toMatchObject({ status: 200, source_address: '127.0.0.1' });
    await phone.close();
  });

  it('reports an unreachable target as 503 with an empty source address', async () => {
    const { answer } = await send('sip:bob@127.0.0.1:1;transport=tcp', { method: 'OPTIONS', headers: {} });
    expect(answer).toMatchObject({ status: 503, source_address: '' });
  });

  it('serves a subscription: 200, NOTIFY by dialog id, refresh, last NOTIFY', async () => {
    const phone = await UdpPeer.open(sip());
    const seen: string[] = [];
    let dialog = '';
    handlers.set('subscribe', (req, res) => {
      seen.push(req.stackDialogId);
      res.send(200, { headers: { Expires: 600 } });
      dialog = `${req.get('call-id')};from-tag=${tag(req.get('from'))}`;
    });
    const contact = `Contact: <sip:alice@127.0.0.1:${phone.port}>`;
    const first = request(phone, 'SUBSCRIBE', {
      headers: [contact, 'Event: message-summary', 'Expires: 600'],
    });
    phone.send(first);
    const accepted = await phone.take();
    expect(accepted.start).toBe('SIP/2.0 200 OK');

    const notify = (state: string) =>
      send('sip:placeholder', {
        method: 'NOTIFY',
        stackDialogId: dialog,
        headers: { Event: 'message-summary', 'Subscription-State': state, Contact: '<sip:mwi@127.0.0.1>' },
      });
    let done = notify('active;expires=600');
    let notified = await phone.take();
    expect(notified.start).toBe(`NOTIFY sip:alice@127.0.0.1:${phone.port} SIP/2.0`);
    expect(tag(notified.header('from'))).toBe(tag(accepted.header('to')));
    phone.send(reply(notified, 200, 'OK'));
    expect((await done).answer.status).toBe(200);

    phone.send(
      request(phone, 'SUBSCRIBE', {
        headers: [contact, 'Event: message-summary', 'Expires: 600'],
        callId: accepted.header('call-id'),
        from: accepted.header('from'),
        to: accepted.header('to'),
        cseq: 9,
      }),
    );
    expect((await phone.take()).start).toBe('SIP/2.0 200 OK');
    expect(seen).toEqual(['', dialog]);

    done = notify('terminated;reason=timeout');
    notified = await phone.take();
    phone.send(reply(notified, 200, 'OK'));
    await done;
    await expect(notify('active')).rejects.toThrow('unable to find dialog');
    await phone.close();
  });

  it('comes back after the app connection and after the whole server was lost', async () => {
    const again = () => new Promise<void>((resolve) => srf.on('connect', () => resolve()));
    handlers.set('message', (_, res) => res.send(202));
    for (const lose of [() => frontEnd.dropApps(), () => void frontEnd.restart()]) {
      const back = again();
      lose();
      await back;
      const phone = await UdpPeer.open(sip());
      await expect
        .poll(async () => {
          phone.send(request(phone, 'MESSAGE'));
          return (await phone.take()).start;
        })
        .toBe('SIP/2.0 202 Accepted');
      await phone.close();
    }
  });
});
