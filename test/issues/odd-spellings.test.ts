/** Requests that are legal, or nearly, in spellings that nobody had tried. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LampPhone, stateOf } from '../support/lamp-phone.ts';
import { needing } from '../support/needing.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { realServer } from '../support/real-server.ts';
import { hostPort, written } from '../support/sip/message.ts';
import { UdpPeer } from '../support/sip/peer.ts';

let node: TestNode;
let bob: LampPhone;
beforeEach(async () => {
  node = await startNode({ silo: { domains: ['Example.ORG.'] }, mwi: { domains: ['EXAMPLE.org'] } });
  bob = await LampPhone.start('bob', { server: node.server });
});
afterEach(async () => {
  bob.close();
  await node.close();
});

/** Sends these lines as one datagram; the start line of the answer. */
async function answerTo(lines: readonly string[]): Promise<string> {
  const peer = await UdpPeer.open(node.server);
  const [start = '', ...headers] = lines;
  const via = `Via: SIP/2.0/UDP ${hostPort(peer)};branch=z9hG4bKodd`;
  peer.send(written([start, via, ...headers, 'Content-Length: 0']));
  try {
    return (await peer.take()).start;
  } finally {
    await peer.close();
  }
}

const HEADERS = [
  'From: <sip:alice@example.org>;tag=1',
  'To: <sip:carol@example.org>',
  'Call-ID: odd',
  'CSeq: 1 MESSAGE',
];

// A real drachtio-server hands these on as they came, and drachtio-srf can't read them: nobody answers there.
const embedded = needing(
  realServer && 'a real drachtio-server leaves these spellings to drachtio-srf, which reads none of them',
);
describe('in the embedded front end', embedded, () => {
  test.each([
    ['more than one blank', 'MESSAGE  sip:carol@example.org   SIP/2.0'],
    ['a version in lower case', 'MESSAGE sip:carol@example.org sip/2.0'],
  ])('a start line with %s is understood, not left without an answer', async (_, start) => {
    expect(await answerTo([start, ...HEADERS])).toBe('SIP/2.0 202 Accepted');
  });
});

test('a header line that begins with a control character gets 400, not silence', async () => {
  const start = 'MESSAGE sip:carol@example.org SIP/2.0';
  expect(await answerTo([start, ...HEADERS, '\fSubject: x'])).toContain('SIP/2.0 400');
});

test('a folded CSeq (RFC 4475 3.1.1.1) does not turn a 202 into a 500', async () => {
  const [from = '', to = '', callId = ''] = HEADERS;
  const folded = [from, to, callId.replace(' ', '\r\n '), 'CSeq:\r\n 1\r\n MESSAGE'];
  expect(await answerTo(['MESSAGE sip:carol@example.org SIP/2.0', ...folded])).toBe('SIP/2.0 202 Accepted');
});

test.each(['<sip:bob@example.org;mytag=1>', '"my tag=1" <sip:bob@example.org>'])(
  'a subscription whose To is %s can be refreshed and ended',
  async (To) => {
    const line = await bob.subscribe({ To });
    const tag = /.*;tag=(.*)$/.exec(line.answer.header('To'))?.[1] ?? '';
    expect((await bob.again(line, { To: `${To};tag=${tag}` })).status).toBe(200);
    expect((await bob.again(line, { To: `${To};tag=${tag}`, Expires: '0' })).status).toBe(200);
    expect(stateOf(await bob.sees((notify) => stateOf(notify).startsWith('terminated')))).toBe(
      'terminated;reason=timeout',
    );
  },
);

test.each([
  ['message-summary;x=";id=9"', 'message-summary'],
  ['message-summary;x="a\\";id=9";id=7', 'message-summary;id=7'],
])('Event: %s has the id that it has', async (Event, echoed) => {
  expect((await bob.subscribe({ Event })).answer.status).toBe(200);
  const [notify] = await bob.notified(1);
  expect(notify!.header('Event')).toBe(echoed);
});

test('served domains may be spelled in any way', async () => {
  const alice = await Phone.start('alice', { server: node.server });
  expect((await alice.message('carol', 'one')).status).toBe(202);
  expect((await alice.message('carol@example.com', 'one')).status).toBe(404);
  expect((await bob.subscribe()).answer.status).toBe(200);
  alice.close();
});

test('what is no domain is refused at the start', async () => {
  await expect(startNode({ registrar: { domains: ['example.org:5060'] } })).rejects.toMatchObject({
    code: 'SILO_CONFIG',
  });
});
