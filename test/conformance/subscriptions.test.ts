/** SUBSCRIBE dialogs. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reply, request, tag, type Sip } from '../support/sip/message.ts';
import type { Peer } from '../support/sip/peer.ts';
import type { Frame, RawApp } from './raw-app.ts';
import { arrive, nothing, Target } from './target.ts';

interface Subscription {
  readonly id: string;
  readonly accepted: Sip;
  readonly echo: Frame;
}

describe('subscriptions', () => {
  let target: Target;
  let app: RawApp;
  let phone: Peer;
  beforeAll(async () => {
    target = await Target.open();
  });
  beforeEach(async () => {
    app = await target.app();
    phone = await target.udp();
  });
  afterEach(() => target.tidy());
  afterAll(() => target.end());

  const contactOf = (peer: Peer) =>
    `Contact: <sip:alice@127.0.0.1:${peer.port}${peer.transport === 'TCP' ? ';transport=tcp' : ''}>`;

  async function subscribed(
    peer = phone,
    statusLine = '200 OK',
    headers: readonly string[] = [contactOf(peer)],
    answer: readonly string[] = ['Expires: 600'],
  ): Promise<Subscription> {
    const frame = await arrive(peer, app, 'SUBSCRIBE', {
      headers: [...headers, 'Event: message-summary', 'Expires: 600'],
    });
    const echo = await app.respond(frame.transactionId, statusLine, answer);
    return { id: echo.tokens[11] ?? '', accepted: await peer.take(), echo };
  }

  const inDialog = (one: Subscription, cseq: number, headers: readonly string[] = []) => ({
    callId: one.accepted.header('call-id'),
    from: one.accepted.header('from'),
    to: one.accepted.header('to'),
    cseq,
    headers: [contactOf(phone), 'Event: message-summary', ...headers],
  });

  function notify(
    one: Subscription,
    state = 'active',
    by = app,
    headers: readonly string[] = [],
  ): Promise<Frame> {
    const all = ['Event: message-summary', `Subscription-State: ${state}`, ...headers];
    return by.request('NOTIFY sip:placeholder SIP/2.0', all, { dialog: one.id });
  }

  /** NOTIFY, answered by the phone; returns what the phone saw. */
  async function notified(
    one: Subscription,
    state = 'active',
    peer = phone,
    by = app,
    status = 200,
  ): Promise<Sip> {
    await notify(one, state, by);
    const message = await peer.take();
    peer.send(reply(message, status, 'Whatever'));
    const answer = await by.take();
    expect(answer.message.status).toBe(status);
    expect(answer.dialogId).toBe(one.id);
    return message;
  }

  it.each(['200 OK', '202 Accepted'])('makes a dialog by %s, with a foretellable id', async (line) => {
    const one = await subscribed(phone, line);
    const from = one.accepted.header('from');
    expect(one.id).toBe(`${one.accepted.header('call-id')};from-tag=${tag(from)}`);
    expect(one.accepted.start).toBe(`SIP/2.0 ${line}`);
    const message = await notified(one);
    expect(message.start).toBe(`NOTIFY sip:alice@127.0.0.1:${phone.port} SIP/2.0`);
    expect(message.header('from')).toBe(one.accepted.header('to'));
    expect(message.header('to')).toBe(from);
    expect(message.header('call-id')).toBe(one.accepted.header('call-id'));
    await notified(one, 'terminated');
  });

  it('numbers NOTIFYs from the CSeq of the SUBSCRIBE on, whatever the app says', async () => {
    const one = await subscribed();
    expect((await notified(one)).header('cseq')).toBe('8 NOTIFY');
    await notify(one, 'active', app, ['CSeq: 500 NOTIFY']);
    expect((await phone.take()).header('cseq')).toBe('9 NOTIFY');
    expect((await notified(one, 'terminated')).header('cseq')).toBe('10 NOTIFY');
  });

  it('adds no Contact to a NOTIFY, and loses one with @localhost', async () => {
    const one = await subscribed();
    expect((await notified(one)).all('contact')).toEqual([]);
    await notify(one, 'active', app, ['Contact: <sip:mwi@localhost>']);
    expect((await phone.take()).all('contact')).toEqual([]);
    await notify(one, 'terminated', app, [`Contact: <sip:mwi@${target.sipText}>`]);
    expect((await phone.take()).header('contact')).toBe(`<sip:mwi@${target.sipText}>`);
  });

  it('lets the app break To and Call-ID, but not the From tag', async () => {
    const one = await subscribed();
    await notify(one, 'active', app, [
      'From: <sip:other@example.com>;tag=wrong',
      'To: <sip:x@y>;tag=z',
      'Call-ID: another',
    ]);
    const message = await phone.take();
    expect(message.header('from')).toBe(`<sip:other@example.com>;tag=${tag(one.accepted.header('to'))}`);
    expect(message.header('to')).toBe('<sip:x@y>;tag=z');
    expect(message.header('call-id')).toBe('another');
    await notify(one, 'terminated');
  });

  it('sends to the source address when the Contact says another', async () => {
    const one = await subscribed(phone, '200 OK', ['Contact: <sip:alice@192.168.77.7:5062>']);
    const message = await notified(one, 'terminated');
    expect(message.start).toBe('NOTIFY sip:alice@192.168.77.7:5062 SIP/2.0');
  });

  it('follows the Record-Route of the SUBSCRIBE', async () => {
    const route = `<sip:127.0.0.1:${phone.port};lr>`;
    const one = await subscribed(phone, '200 OK', [
      'Contact: <sip:alice@192.0.2.1>',
      `Record-Route: ${route}`,
    ]);
    const message = await notified(one, 'terminated');
    expect(message.start).toBe('NOTIFY sip:alice@192.0.2.1 SIP/2.0');
    expect(message.header('route')).toBe(route);
  });

  it('uses the connection of a TCP subscriber', async () => {
    const connection = await target.tcp();
    const one = await subscribed(connection, '200 OK', ['Contact: <sip:alice@192.0.2.1:5060;transport=tcp>']);
    await notified(one, 'active', connection);
    await notified(one, 'terminated', connection);
  });

  it('connects to the target when the connection is gone, and reports 503 when nobody is there', async () => {
    const connection = await target.tcp();
    const one = await subscribed(connection);
    await connection.close();
    await target.caughtUp();
    expect((await notify(one, 'terminated')).tokens[3]).toBe('OK');
    const answer = await app.take();
    expect(answer.message.status).toBe(503);
    expect(answer.tokens[5]).toBe('');
  });

  it('gives a refresh to the owner, with dialog id and without receivedOn', async () => {
    const one = await subscribed();
    const other = await target.app();
    for (const cseq of [8, 9, 3]) {
      const frame = await arrive(phone, app, 'SUBSCRIBE', inDialog(one, cseq, ['Expires: 600']));
      expect(frame.tokens.slice(9)).toEqual([one.id, '']);
      const echo = await app.respond(frame.transactionId, '202 Accepted', ['Expires: 600']);
      expect(echo.tokens.slice(10, 15)).toEqual([frame.transactionId, one.id, '', 'Msg sent:', '']);
      const answer = await phone.take();
      expect(answer.header('contact')).toBe(`<sip:${target.sipText}>`);
      expect(answer.header('to')).toBe(one.accepted.header('to'));
    }
    await nothing(phone, other);
    await notified(one, 'terminated');
  });

  it('sends to the Contact of the first SUBSCRIBE, whatever a refresh says', async () => {
    const one = await subscribed();
    const contact = `Contact: <sip:moved@127.0.0.1:${phone.port}>`;
    const facts = { ...inDialog(one, 8), headers: [contact, 'Event: message-summary', 'Expires: 600'] };
    const frame = await arrive(phone, app, 'SUBSCRIBE', facts);
    await app.respond(frame.transactionId, '200 OK', ['Expires: 600']);
    await phone.take();
    const message = await notified(one, 'terminated');
    expect(message.start).toBe(`NOTIFY sip:alice@127.0.0.1:${phone.port} SIP/2.0`);
  });

  it.each(['MESSAGE', 'OPTIONS', 'INFO', 'NOTIFY', 'PUBLISH', 'UPDATE', 'REFER', 'UNHEARD-OF'])(
    'gives %s inside the dialog to its owner',
    async (method) => {
      const one = await subscribed();
      const frame = await arrive(phone, app, method, inDialog(one, 20, ['Subscription-State: active']));
      expect(frame.dialogId).toBe(one.id);
      const echo = await app.respond(frame.transactionId, '200 OK');
      expect(echo.tokens[11]).toBe(one.id);
      expect((await phone.take()).status).toBe(200);
      await notified(one, 'terminated');
    },
  );

  it('takes a SUBSCRIBE without To tag for a refresh when Call-ID and From tag are those of a dialog', async () => {
    const one = await subscribed();
    const frame = await arrive(phone, app, 'SUBSCRIBE', { ...inDialog(one, 9), to: '<sip:bob@example.com>' });
    expect(frame.dialogId).toBe(one.id);
    await app.respond(frame.transactionId, '200 OK', ['Expires: 60']);
    expect(tag((await phone.take()).header('to'))).toBe(tag(one.accepted.header('to')));
    await notified(one, 'terminated');
  });

  it('adds a Contact to every answer to a refresh', async () => {
    const one = await subscribed();
    const frame = await arrive(phone, app, 'SUBSCRIBE', inDialog(one, 9));
    await app.respond(frame.transactionId, '489 Bad Event');
    expect((await phone.take()).header('contact')).toBe(`<sip:${target.sipText}>`);
    await notified(one, 'terminated');
  });

  it('answers a refresh that waits with 500 when the dialog ends', async () => {
    const one = await subscribed();
    const frame = await arrive(phone, app, 'SUBSCRIBE', inDialog(one, 9));
    await notify(one, 'terminated');
    phone.send(reply(await phone.take(), 200, 'OK'));
    expect((await phone.take()).status).toBe(500);
    const echo = await app.respond(frame.transactionId, '481 Gone');
    expect(echo.result).toBe('NOK|Response not sent due to unknown transaction');
  });

  it('ends the dialog with a BYE, which the owner may still answer', async () => {
    const one = await subscribed();
    const frame = await arrive(phone, app, 'BYE', inDialog(one, 9));
    expect(frame.dialogId).toBe(one.id);
    const echo = await app.respond(frame.transactionId, '200 OK');
    expect(echo.tokens.slice(10, 12)).toEqual([frame.transactionId, '']);
    expect((await phone.take()).status).toBe(200);
    expect((await notify(one)).result).toContain('unable to find dialog');
  });

  it('has nowhere to send when the SUBSCRIBE had no Contact, unless the app names a target', async () => {
    const one = await subscribed(phone, '202 Accepted', []);
    const text = `unable to find route when sending request inside dialog for dialog id ${one.id}`;
    expect((await notify(one)).result).toBe(`NOK|Server error: ${text}`);
    const headers = ['Event: message-summary', 'Subscription-State: terminated'];
    await app.request(`NOTIFY sip:any@127.0.0.1:${phone.port} SIP/2.0`, headers, { dialog: one.id });
    const message = await phone.take();
    expect(message.start).toBe(`NOTIFY sip:any@127.0.0.1:${phone.port} SIP/2.0`);
    phone.send(reply(message, 200, 'OK'));
    await app.take();
  });

  it('swallows a repeated refresh that waits, and answers a repeat of an answered one again', async () => {
    const one = await subscribed();
    const refresh = request(phone, 'SUBSCRIBE', inDialog(one, 8));
    phone.send(refresh);
    const frame = await app.take();
    phone.send(refresh);
    await nothing(phone, app);
    await app.respond(frame.transactionId, '200 OK', ['Expires: 60']);
    const first = await phone.take();
    phone.send(refresh);
    expect((await phone.take()).bytes.equals(first.bytes)).toBe(true);
    await notified(one, 'terminated');
  });

  it('answers a refresh with 481 when the owner is gone, but lets any app send in the dialog', async () => {
    const one = await subscribed();
    await notified(one);
    await app.close();
    const other = await target.app();
    phone.send(request(phone, 'SUBSCRIBE', inDialog(one, 8)));
    expect((await phone.take()).status).toBe(481);
    await nothing(phone, other);
    expect((await notified(one, 'active', phone, other)).header('cseq')).toBe('9 NOTIFY');
    await notified(one, 'terminated', phone, other);
  });

  it.each([200, 481, 404])(
    'forgets the dialog when a terminated NOTIFY is answered with %i',
    async (status) => {
      const one = await subscribed();
      await notified(one, 'terminated;reason=timeout', phone, app, status);
      const again = await notify(one);
      expect(again.result).toBe('NOK|Server error: unable to find dialog for dialog id provided');
    },
  );

  it.each([481, 408])('keeps the dialog when an active NOTIFY is answered with %i', async (status) => {
    const one = await subscribed();
    await notified(one, 'active', phone, app, status);
    await notified(one, 'terminated');
  });

  it('keeps the dialog until the terminated NOTIFY is answered', async () => {
    const one = await subscribed();
    await notify(one, 'terminated');
    const message = await phone.take();
    const frame = await arrive(phone, app, 'SUBSCRIBE', inDialog(one, 8));
    expect(frame.dialogId).toBe(one.id);
    await app.respond(frame.transactionId, '481 Gone');
    expect((await phone.take()).status).toBe(481);
    phone.send(reply(message, 200, 'OK'));
    await app.take();
  });

  it('makes no dialog by a rejection', async () => {
    const one = await subscribed(phone, '403 Forbidden');
    expect((await notify(one)).result).toContain('unable to find dialog');
  });

  it('makes a dialog even for a fetch', async () => {
    const frame = await arrive(phone, app, 'SUBSCRIBE', {
      headers: [contactOf(phone), 'Event: x', 'Expires: 0'],
    });
    const echo = await app.respond(frame.transactionId, '200 OK', ['Expires: 0']);
    const one = { id: echo.tokens[11] ?? '', accepted: await phone.take(), echo };
    await notified(one, 'terminated');
  });

  it('gives an in-dialog SUBSCRIBE of an unknown dialog to an app as if it were new, and adopts it by a 2xx', async () => {
    const facts = {
      callId: `lost-${Date.now()}`,
      from: '<sip:alice@example.com>;tag=phone',
      to: '<sip:bob@example.com>;tag=ours',
      cseq: 40,
      headers: [contactOf(phone), 'Event: message-summary', 'Expires: 600'],
    };
    const frame = await arrive(phone, app, 'SUBSCRIBE', facts);
    expect(frame.dialogId).toBe('');
    const echo = await app.respond(frame.transactionId, '200 OK', ['Expires: 600']);
    const accepted = await phone.take();
    expect(tag(accepted.header('to'))).toBe('ours');
    const one = { id: echo.tokens[11] ?? '', accepted, echo };
    expect((await notified(one)).header('cseq')).toBe('41 NOTIFY');
    expect((await arrive(phone, app, 'SUBSCRIBE', inDialog(one, 41))).dialogId).toBe(one.id);
    await notified(one, 'terminated');
  });

  it('remembers the owner of an ended dialog: adopted by another app, refreshes still miss it', async () => {
    const one = await subscribed();
    await notified(one, 'terminated');
    await app.close();
    app = await target.app();
    const frame = await arrive(phone, app, 'SUBSCRIBE', inDialog(one, 20));
    expect(frame.dialogId).toBe('');
    await app.respond(frame.transactionId, '200 OK', ['Expires: 600']);
    expect((await phone.take()).status).toBe(200);
    phone.send(request(phone, 'SUBSCRIBE', inDialog(one, 21)));
    expect((await phone.take()).status).toBe(481);
    await notified(one, 'terminated');
  });

  it('sends a raw NOTIFY beside the dialog without disturbing its numbers', async () => {
    const one = await subscribed();
    await notified(one);
    await app.request(`NOTIFY sip:alice@127.0.0.1:${phone.port} SIP/2.0`, [
      `From: ${one.accepted.header('to')}`,
      `To: ${one.accepted.header('from')}`,
      `Call-ID: ${one.accepted.header('call-id')}`,
      'CSeq: 500 NOTIFY',
      'Event: message-summary',
      'Subscription-State: active',
    ]);
    const raw = await phone.take();
    expect(raw.header('cseq')).toBe('500 NOTIFY');
    phone.send(reply(raw, 200, 'OK'));
    const answer = await app.take();
    expect(answer.dialogId).toBe('');
    expect((await notified(one)).header('cseq')).toBe('9 NOTIFY');
    await notified(one, 'terminated');
  });

  it('wants a Content-Type with a body in a dialog too', async () => {
    const one = await subscribed();
    const headers = ['Event: message-summary', 'Subscription-State: active'];
    const echo = await app.request('NOTIFY sip:placeholder SIP/2.0', headers, { dialog: one.id, body: 'x' });
    expect(echo.result).toBe('NOK|Server error: missing content-type');
    await notified(one, 'terminated');
  });

  it('gives a dialog to the subscriber side as well, which a terminated NOTIFY ends with a 500', async () => {
    const echo = await app.request(`SUBSCRIBE sip:mwi@127.0.0.1:${phone.port} SIP/2.0`, [
      'From: <sip:app@example.com>;tag=app',
      'To: <sip:mwi@example.com>',
      'Event: message-summary',
      'Expires: 60',
    ]);
    expect(echo.tokens[3]).toBe('OK');
    const subscribe = await phone.take();
    const id = `${subscribe.header('call-id')};from-tag=app`;
    phone.send(reply(subscribe, 200, 'OK', [`Contact: <sip:mwi@127.0.0.1:${phone.port}>`, 'Expires: 60']));
    expect((await app.take()).dialogId).toBe(id);
    const frame = await arrive(phone, app, 'NOTIFY', {
      callId: subscribe.header('call-id'),
      from: '<sip:mwi@example.com>;tag=phone',
      to: '<sip:app@example.com>;tag=app',
      cseq: 1,
      headers: [
        'Event: message-summary',
        'Subscription-State: active',
        `Contact: <sip:mwi@127.0.0.1:${phone.port}>`,
      ],
    });
    expect(frame.dialogId).toBe(id);
    await app.respond(frame.transactionId, '200 OK');
    expect((await phone.take()).status).toBe(200);
    const last = await arrive(phone, app, 'NOTIFY', {
      callId: subscribe.header('call-id'),
      from: '<sip:mwi@example.com>;tag=phone',
      to: '<sip:app@example.com>;tag=app',
      cseq: 2,
      headers: [
        'Event: message-summary',
        'Subscription-State: terminated',
        `Contact: <sip:mwi@127.0.0.1:${phone.port}>`,
      ],
    });
    expect(last.dialogId).toBe(id);
    expect((await phone.take()).status).toBe(500);
    expect((await app.respond(last.transactionId, '200 OK')).tokens[3]).toBe('NOK');
  });
});
