/** SUBSCRIBE as RFC 6665 (4.2.1, 8) and RFC 3842 (3) want it, over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode } from '../../support/node.ts';
import { LampPhone, forgotten, numberOf, stateOf, TYPE } from '../../support/lamp-phone.ts';
import { until } from '../../support/until.ts';

let node: TestNode;
let bob: LampPhone;
beforeEach(async () => {
  node = await startNode();
  bob = await LampPhone.start('bob', { server: node.server });
});
afterEach(async () => {
  bob.close();
  await node.close();
});

const NEUTRAL = 'Messages-Waiting: no\r\n';

describe('a first SUBSCRIBE', () => {
  test('is answered with 200, Expires and Contact, and a NOTIFY with the state follows at once', async () => {
    const { answer, callId, fromTag, toTag } = await bob.subscribe();
    expect(answer.status).toBe(200);
    expect(answer.header('Expires')).toBe('600');
    expect(answer.header('Contact')).toBe(`<sip:127.0.0.1:${node.server.port}>`);
    expect(answer.header('Event')).toBe('');
    expect(toTag).not.toBe('');
    const [notify] = await bob.notified(1);
    expect(notify!.start).toBe(`NOTIFY ${bob.phone.contact.slice(1, -1)} SIP/2.0`);
    expect(notify!.header('Call-ID')).toBe(callId);
    expect(notify!.header('From')).toContain(`tag=${toTag}`);
    expect(notify!.header('To')).toContain(`tag=${fromTag}`);
    expect(notify!.header('Event')).toBe('message-summary');
    expect(stateOf(notify!)).toMatch(/^active;expires=(?:600|599)$/);
    expect(notify!.header('Contact')).toBe(`<sip:127.0.0.1:${node.server.port}>`);
    expect(notify!.header('Content-Type')).toBe(TYPE);
    expect(notify!.body.toString()).toBe(NEUTRAL);
  });

  test('has its Record-Route copied into the 200, and the NOTIFY takes that route', async () => {
    const route = `<sip:127.0.0.1:${/:(\d+)/.exec(bob.phone.contact.split('@')[1]!)![1]};lr>`;
    const { answer } = await bob.subscribe({
      'Record-Route': route,
      Contact: '<sip:bob@phone.invalid>',
    });
    expect(answer.header('Record-Route')).toBe(route);
    const [notify] = await bob.notified(1);
    expect(notify!.header('Route')).toBe(route);
    expect(notify!.start).toBe('NOTIFY sip:bob@phone.invalid SIP/2.0');
  });

  test('that came through a NAT is notified back through it', async () => {
    const { answer } = await bob.subscribe({ Contact: '<sip:bob@192.0.2.77:5060>' });
    expect(answer.status).toBe(200);
    const [notify] = await bob.notified(1);
    expect(notify!.start).toBe('NOTIFY sip:bob@192.0.2.77:5060 SIP/2.0');
  });

  test('that is sent twice, as UDP phones do, gets the same answer twice and is one subscription', async () => {
    const headers = {
      From: '<sip:bob@example.org>;tag=1',
      'Call-ID': 'twice',
      CSeq: '7 SUBSCRIBE',
      Contact: bob.phone.contact,
      Event: 'message-summary',
    };
    const send = () =>
      bob.phone.request('SUBSCRIBE', 'sip:bob@example.org', 'bob@example.org', headers, undefined, {
        branch: 'z9hG4bKtwice',
      });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.header('To')).toBe(first.header('To'));
    expect(node.mwi.size()).toBe(1);
    // What comes for a later one comes last.
    const { callId } = await bob.subscribe({ Event: 'message-summary;id=later' });
    await bob.sees((notify) => notify.header('Call-ID') === callId);
    expect(bob.notifies.map((notify) => notify.header('Call-ID'))).toEqual(['twice', callId]);
  });

  test('over TCP is answered and notified over the same connection', async () => {
    const tcp = await LampPhone.start('bob', { server: node.server, transport: 'tcp' });
    const { answer } = await tcp.subscribe();
    expect(answer.header('Contact')).toBe(`<sip:127.0.0.1:${node.server.port};transport=tcp>`);
    await tcp.notified(1);
    tcp.close();
  });

  test.each([
    ['without Expires gets an hour', null, '3600'],
    ['that asks for more than the longest time gets that', '1000000', '86400'],
    ['that asks for less than that gets what it asked for', '61', '61'],
  ])('%s', async (_, asked, granted) => {
    const { answer } = await bob.subscribe({ Expires: asked });
    expect(answer.header('Expires')).toBe(granted);
    const [notify] = await bob.notified(1);
    expect(Number(/expires=(\d+)/.exec(stateOf(notify!))![1])).toBeGreaterThan(Number(granted) - 3);
    expect(Number(/expires=(\d+)/.exec(stateOf(notify!))![1])).toBeLessThanOrEqual(Number(granted));
  });

  test('with Expires below the minimum gets 423 with Min-Expires and no NOTIFY', async () => {
    const { answer } = await bob.subscribe({ Expires: '59' });
    expect([answer.status, answer.header('Min-Expires')]).toEqual([423, '60']);
    const { callId } = await bob.subscribe();
    await bob.notified(1);
    expect(bob.notifies.map((notify) => notify.header('Call-ID'))).toEqual([callId]);
  });

  test('with Expires: 0 is a fetch: 200, one NOTIFY that ends it with the state, and nothing stays', async () => {
    const line = await bob.subscribe({ Expires: '0' });
    const { answer } = line;
    expect([answer.status, answer.header('Expires')]).toEqual([200, '0']);
    const [notify] = await bob.notified(1);
    expect(stateOf(notify!)).toBe('terminated;reason=timeout');
    expect(notify!.body.toString()).toBe(NEUTRAL);
    expect(node.mwi.size()).toBe(0);
    await forgotten(node.srf, line);
  });

  test.each([
    ['an unknown package', 'presence'],
    ['a template of ours', 'message-summary.winfo'],
    ['no Event', null],
  ])('for %s gets 489 and what is served', async (_, Event) => {
    const { answer } = await bob.subscribe({ Event });
    expect([answer.status, answer.header('Allow-Events')]).toEqual([489, 'message-summary']);
  });

  test('with two event types gets 400', async () => {
    expect((await bob.subscribe({ Event: 'message-summary, presence' })).answer.status).toBe(400);
  });

  test.each([
    ['message-summary;id=Ab-1', 'message-summary;id=Ab-1'],
    ['MESSAGE-SUMMARY; ID = x ;other="a;b"', 'message-summary;id=x'],
    ['message-summary;unknown;max-rate=0.5', 'message-summary'],
  ])('with Event: %s is served, its id comes back as it was', async (Event, echoed) => {
    expect((await bob.subscribe({ Event })).answer.status).toBe(200);
    const [notify] = await bob.notified(1);
    expect(notify!.header('Event')).toBe(echoed);
  });

  test('with the compact form of Event is served', async () => {
    expect((await bob.subscribe({ Event: null, o: 'message-summary' })).answer.status).toBe(200);
  });

  test.each([
    [null, 200],
    ['*/*', 200],
    ['application/*;q=0.1', 200],
    [`text/plain, ${TYPE}`, 200],
    ['application/pidf+xml', 406],
    [`${TYPE};q=0`, 406],
  ])('with Accept: %s gets %i', async (Accept, status) => {
    const { answer } = await bob.subscribe({ Accept });
    expect(answer.status).toBe(status);
    if (status === 406) expect(answer.header('Accept')).toBe(TYPE);
  });

  test('that requires an extension gets 420 and its name', async () => {
    const { answer } = await bob.subscribe({ Require: 'eventlist' });
    expect([answer.status, answer.header('Unsupported')]).toEqual([420, 'eventlist']);
  });

  test.each([
    ['without a Contact', { Contact: null }],
    ['with a Contact that is none', { Contact: '<mailto:bob@example.org>' }],
    ['with two Contacts', { Contact: '<sip:bob@127.0.0.1:9>, <sip:bob@127.0.0.1:10>' }],
    ['with an Expires that is no number', { Expires: 'soon' }],
  ])('%s gets 400', async (_, headers) => {
    expect((await bob.subscribe(headers)).answer.status).toBe(400);
  });

  test('with a Contact that no NOTIFY can go to gets 400', async () => {
    expect((await bob.subscribe({ Contact: '<sip:bob@127.0.0.1:0>' })).answer.status).toBe(400);
  });

  test('for the mailbox of somebody else gets 403', async () => {
    expect((await bob.subscribe({}, 'alice@example.org')).answer.status).toBe(403);
  });

  test('with a body is served all the same', async () => {
    const answer = await bob.phone.request(
      'SUBSCRIBE',
      'sip:bob@example.org',
      'bob@example.org',
      {
        Contact: bob.phone.contact,
        Event: 'message-summary',
        'Content-Type': 'text/plain',
      },
      Buffer.from('hello'),
    );
    expect(answer.status).toBe(200);
  });

  test('that comes over a second way is refused as a loop', async () => {
    const line = await bob.subscribe();
    const merged = await bob.phone.request('SUBSCRIBE', line.uri, 'bob@example.org', {
      From: `<sip:bob@example.org>;tag=${line.fromTag}`,
      'Call-ID': line.callId,
      CSeq: '101 SUBSCRIBE',
      Contact: bob.phone.contact,
      Event: 'message-summary',
    });
    expect(merged.status).toBe(482);
    expect(node.mwi.size()).toBe(1);
  });
});

describe('a SUBSCRIBE in its dialog', () => {
  test('extends the subscription, and a NOTIFY with the whole state follows at once', async () => {
    const line = await bob.subscribe({ Expires: '60' });
    await bob.notified(1);
    const answer = await bob.again(line, { Expires: '120' });
    expect([answer.status, answer.header('Expires')]).toEqual([200, '120']);
    const [first, second] = await bob.notified(2);
    expect(stateOf(second!)).toMatch(/^active;expires=1(?:20|19)$/);
    expect(second!.body.toString()).toBe(NEUTRAL);
    expect(numberOf(second!)).toBe(numberOf(first!) + 1);
  });

  test('moves the target to its Contact, also when the old one begins with the new one', async () => {
    const port = /:(\d+)/.exec(bob.phone.contact.split('@')[1]!)![1]!;
    const line = await bob.subscribe({ Contact: `<sip:bobby@127.0.0.1:${port}>` });
    await bob.notified(1);
    await bob.again(line, { Contact: `<sip:bob@127.0.0.1:${port}>` });
    const [, second] = await bob.notified(2);
    expect(second!.start).toBe(`NOTIFY sip:bob@127.0.0.1:${port} SIP/2.0`);
    expect(second!.header('To')).toContain(`tag=${line.fromTag}`);
    expect(second!.header('From')).toContain(`tag=${line.toTag}`);
  });

  test('from another place takes the NOTIFYs there, with rising numbers, up to the end', async () => {
    const line = await bob.subscribe();
    await bob.notified(1);
    const moved = await LampPhone.start('bob', { server: node.server });
    const from = { Contact: moved.phone.contact };
    expect((await bob.again(line, from)).status).toBe(200);
    await moved.notified(1);
    await bob.again(line, from);
    await moved.notified(2);
    await bob.again(line, { ...from, Expires: '0' });
    await moved.notified(3);
    expect(moved.notifies.map(stateOf)[2]).toBe('terminated;reason=timeout');
    const numbers = [bob.notifies[0]!, ...moved.notifies].map(numberOf);
    expect(numbers.every((number, i) => i === 0 || number > numbers[i - 1]!)).toBe(true);
    await forgotten(node.srf, line);
    moved.close();
  });

  test('from a new TCP connection takes the NOTIFYs there, up to the end, whatever the Contact says', async () => {
    const from = { Contact: '<sip:bob@192.0.2.77:5060>' };
    const before = await LampPhone.start('bob', { server: node.server, transport: 'tcp' });
    const line = await before.subscribe(from);
    await before.notified(1);
    before.close();
    const after = await LampPhone.start('bob', { server: node.server, transport: 'tcp' });
    expect((await after.again(line, { ...from, CSeq: '201 SUBSCRIBE' })).status).toBe(200);
    await after.notified(1);
    await after.again(line, { ...from, CSeq: '202 SUBSCRIBE', Expires: '0' });
    const [first, last] = await after.notified(2);
    expect(stateOf(last!)).toBe('terminated;reason=timeout');
    expect(numberOf(last!)).toBeGreaterThan(numberOf(first!));
    after.close();
  });

  test('with Expires: 0 ends it: 200, and a last NOTIFY with the state', async () => {
    const line = await bob.subscribe();
    await bob.notified(1);
    const answer = await bob.again(line, { Expires: '0' });
    expect([answer.status, answer.header('Expires')]).toEqual([200, '0']);
    const [, last] = await bob.notified(2);
    expect(stateOf(last!)).toBe('terminated;reason=timeout');
    expect(last!.body.toString()).toBe(NEUTRAL);
    await forgotten(node.srf, line);
    expect((await bob.again(line)).status).toBe(481);
  });

  test('with a CSeq that does not rise gets 500, and the subscription stays', async () => {
    const line = await bob.subscribe();
    await bob.notified(1);
    expect((await bob.again(line, { CSeq: '1 SUBSCRIBE' })).status).toBe(500);
    expect((await bob.again(line)).status).toBe(200);
  });

  test('that is too brief gets 423, and the subscription stays as it was', async () => {
    const line = await bob.subscribe();
    expect((await bob.again(line, { Expires: '5' })).status).toBe(423);
    node.mwi.changed('bob@example.org');
    await bob.notified(1);
    expect(node.mwi.size()).toBe(1);
  });

  test('for a dialog that nobody knows gets 481', async () => {
    const line = await bob.subscribe();
    expect((await bob.again({ ...line, fromTag: 'other' })).status).toBe(481);
    expect((await bob.again({ ...line, callId: 'other' })).status).toBe(481);
  });

  test('with another id begins a second subscription, each is told apart, the numbers rise in common', async () => {
    const line = await bob.subscribe({ Event: 'message-summary;id=1' });
    await bob.notified(1);
    expect((await bob.again(line, { Event: 'message-summary;id=2' })).status).toBe(200);
    await bob.notified(2);
    await bob.again(line, { Event: 'message-summary;id=1' });
    const all = await bob.notified(3);
    expect(all.map((notify) => notify.header('Event'))).toEqual([
      'message-summary;id=1',
      'message-summary;id=2',
      'message-summary;id=1',
    ]);
    expect(all.map(numberOf)).toEqual([0, 1, 2].map((step) => numberOf(all[0]!) + step));
    expect(node.mwi.size()).toBe(2);
  });

  test('that ends one of two sends the other away to a dialog of its own', async () => {
    const line = await bob.subscribe({ Event: 'message-summary;id=1' });
    await bob.again(line, { Event: 'message-summary;id=2' });
    await bob.notified(2);
    await bob.again(line, { Event: 'message-summary;id=1', Expires: '0' });
    const ends = (await bob.notified(4)).slice(2);
    expect(ends.map((notify) => [notify.header('Event'), stateOf(notify)]).sort()).toEqual([
      ['message-summary;id=1', 'terminated;reason=timeout'],
      ['message-summary;id=2', 'terminated;reason=deactivated'],
    ]);
    await forgotten(node.srf, line);
  });
});

describe('the same phone', () => {
  test('that subscribes again after a reboot replaces its old subscription', async () => {
    const old = await bob.subscribe();
    await bob.notified(1);
    bob.phone.react = (request) => (request.header('Call-ID') === old.callId ? 481 : 200);
    const fresh = await bob.subscribe();
    await bob.sees((notify) => notify.header('Call-ID') === fresh.callId);
    const last = await bob.sees((notify) => stateOf(notify).startsWith('terminated'));
    expect(last.header('Call-ID')).toBe(old.callId);
    expect(stateOf(last)).toBe('terminated;reason=noresource');
    await until(() => node.mwi.size() === 1);
    await forgotten(node.srf, old);
  });

  test('is known by its instance, whatever its contact is', async () => {
    const params = ';+sip.instance="<urn:uuid:7>"';
    await bob.subscribe({ Contact: `<sip:bob@127.0.0.1:40000>${params}` });
    await bob.subscribe({ Contact: `${bob.phone.contact}${params}` });
    await until(() => node.mwi.size() === 1);
  });

  test('may watch with two ids, and another phone may watch too', async () => {
    await bob.subscribe({ Event: 'message-summary;id=a' });
    await bob.subscribe({ Event: 'message-summary;id=b' });
    const desk = await LampPhone.start('bob', { server: node.server });
    await desk.subscribe();
    await desk.notified(1);
    expect(node.mwi.size()).toBe(3);
    desk.close();
  });
});
