/** Large messages and devices on UDP (RFC 3261 18.1.1, RFC 3428 8). */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

let node: TestNode;
const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0)) one.close();
  await node.close();
});

const LARGE = 'x'.repeat(6000);

/** Bob's phone is on UDP, and on TCP at the same port when it is said so. */
async function start(largeOverTcp: boolean, tcp: boolean) {
  node = await startNode({ silo: { largeOverTcp } });
  // Free for both: what the system gives out for UDP may be somebody's port for TCP.
  const port = await freePort();
  const [alice, bob] = [await phone('alice'), await phone('bob', port)];
  const overTcp: string[] = [];
  if (tcp) await listen(port, overTcp);
  const send = async (text: string) => expect((await alice.message('bob', text)).status).toBe(200);
  return { bob, overTcp, send };
}

async function phone(name: string, port = 0): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server, port });
  closing.push(started);
  return started;
}

/** Says 200 to each MESSAGE over TCP. */
async function listen(port: number, got: string[]): Promise<void> {
  const server: Server = createServer((socket) => {
    let text = '';
    closing.push({ close: () => socket.destroy() });
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/^Content-Length: *(\d+)/im.exec(text)?.[1] ?? NaN);
      if (end < 0 || text.length < end + 4 + length) return;
      const [start = '', ...lines] = text.slice(0, end).split('\r\n');
      got.push(`${start} ${length}`);
      text = '';
      const copied = lines.filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/i.test(line));
      const tagged = copied.map((line) => (/^To:/i.test(line) ? `${line};tag=tcp` : line));
      socket.write(['SIP/2.0 200 OK', ...tagged, 'Content-Length: 0', '', ''].join('\r\n'));
    });
  });
  closing.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

test('with the option a large one goes over TCP, a small one over UDP', async () => {
  const { bob, overTcp, send } = await start(true, true);
  await bob.register();
  await send(LARGE);
  await send('small');
  expect(overTcp).toEqual([`MESSAGE ${bob.contact.slice(1, -1)} SIP/2.0 6000`]);
  expect(bob.texts).toEqual(['small']);
});

test('to a device without TCP it goes over UDP at once', async () => {
  const { bob, send } = await start(true, false);
  await bob.register();
  await send(LARGE);
  await send(LARGE);
  expect(bob.texts).toEqual([LARGE, LARGE]);
});

test.each([
  ['the device says transport=udp', true, (contact: string) => contact.replace('>', ';transport=udp>')],
  ['the device is behind a NAT', true, (contact: string) => contact.replace('127.0.0.1', '192.0.2.1')],
  ['the option is off', false, (contact: string) => contact],
])('TCP is not tried when %s', async (_, option, spelled) => {
  const { bob, overTcp, send } = await start(option, true);
  await bob.register({ contact: spelled(bob.contact) });
  await send(LARGE);
  expect([bob.texts, overTcp]).toEqual([[LARGE], []]);
});
