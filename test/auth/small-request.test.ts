/** A challenge goes to whatever address a datagram says that it comes from: it must not be many times as large. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asking, type Asking } from './asking.ts';

let begun: Asking;
beforeEach(async () => {
  begun = await asking();
});
afterEach(() => begun.close());

test.each([
  ['REGISTER', 'a'],
  ['MESSAGE', 'a'],
  ['SUBSCRIBE', 'a.b'],
  ['REGISTER', `${'a'.repeat(60)}.org`],
  ['MESSAGE', `${'a'.repeat(60)}.${'b'.repeat(60)}.org`],
])(
  'the smallest %s to %s gets at most three bytes for each of its own, and a challenge',
  async (method, host) => {
    const lines = [
      `${method} sip:a SIP/2.0`,
      'v:SIP/2.0/UDP a;branch=z9hG4bK1',
      `f:<sip:a@${method === 'REGISTER' ? 'a' : host}>;tag=1`,
      `t:<sip:a@${method === 'REGISTER' ? host : 'a'}>`,
      'i:1',
      `CSeq:1 ${method}`,
      '',
      '',
    ];
    const request = Buffer.from(lines.join('\r\n'));
    const socket = createSocket('udp4');
    const { host: server, port } = begun.node.server;
    socket.send(request, port, server);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    expect(answer.toString()).toMatch(/^SIP\/2\.0 401 [^]*WWW-Authenticate: Digest /);
    expect(answer.length / request.length).toBeLessThanOrEqual(3);
  },
);

test('a phone gets both challenges', async () => {
  const answer = await (await begun.phone('bob')).register();
  expect(answer.all('WWW-Authenticate')).toHaveLength(2);
});
