/** A client that has registered over one TCP connection and is reached inside a dialog of another one. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reply } from '../support/sip/message.ts';
import type { Peer, TcpPeer } from '../support/sip/peer.ts';
import type { Frame, RawApp } from './raw-app.ts';
import { serve, Target } from './target.ts';

describe('a registered connection and a dialog', () => {
  let target: Target;
  let app: RawApp;
  let registered: TcpPeer;
  let contact: string;
  let count = 0;
  beforeAll(async () => {
    target = await Target.open();
  });
  beforeEach(async () => {
    app = await target.app();
    registered = await target.tcp();
    count += 1;
    contact = `moved${count}-${process.pid}@127.0.0.1`;
    const headers = [`Contact: <sip:${contact}:${registered.port};transport=tcp>`];
    await serve(registered, app, 'REGISTER', { headers }, '200 OK', [`${headers[0]};expires=60`]);
    await registered.take();
  });
  afterEach(() => target.tidy());
  afterAll(() => target.end());

  async function subscribed(peer: Peer): Promise<string> {
    const transport = peer.transport === 'TCP' ? ';transport=tcp' : '';
    const headers = [`Contact: <sip:${contact}:${peer.port}${transport}>`, 'Event: x', 'Expires: 60'];
    const { echo } = await serve(peer, app, 'SUBSCRIBE', { headers }, '200 OK', ['Expires: 60']);
    await peer.take();
    return echo.tokens[11] ?? '';
  }

  function notify(dialog: string): Promise<Frame> {
    return app.request('NOTIFY sip:placeholder SIP/2.0', ['Event: x', 'Subscription-State: terminated'], {
      dialog,
    });
  }

  async function leave(): Promise<void> {
    await registered.close();
    await target.caughtUp();
  }

  it.each(['udp', 'tcp'] as const)(
    'takes a NOTIFY of a %s subscriber over the registered one',
    async (by) => {
      const dialog = await subscribed(await target[by]());
      const echo = await notify(dialog);
      expect(echo.tokens[3]).toBe('OK');
      const message = await registered.take();
      expect(message.start).toMatch(/^NOTIFY/);
      registered.send(reply(message, 200, 'OK'));
      expect((await app.take()).message.status).toBe(200);
    },
  );

  it.each(['udp', 'tcp'] as const)(
    'reports 410 to a NOTIFY of a %s subscriber when the registered one is closed',
    async (by) => {
      const peer = await target[by]();
      const dialog = await subscribed(peer);
      await leave();
      expect((await notify(dialog)).tokens[3]).toBe('OK');
      const answer = await app.take();
      expect(answer.message.status).toBe(410);
      expect(answer.tokens.slice(4, 7)).toEqual(['tcp', '', '0']);
      expect(answer.dialogId).toBe(dialog);
      await peer.nothing();
    },
  );

  it('stays in use after a registration over UDP, also when it is closed', async () => {
    const phone = await target.udp();
    const headers = [`Contact: <sip:${contact}:${phone.port}>`];
    await serve(phone, app, 'REGISTER', { headers }, '200 OK', [`${headers[0]};expires=60`]);
    await phone.take();
    const start = `MESSAGE sip:${contact}:${phone.port} SIP/2.0`;
    await app.request(start);
    expect((await registered.take()).start).toBe(start);
    await leave();
    await app.request(start, [], { proxy: `sip:127.0.0.1:${phone.port}` });
    expect((await app.take()).message.status).toBe(410);
    await phone.nothing();
  });
});
