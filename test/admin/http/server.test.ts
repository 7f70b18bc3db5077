/** The listener: what a stranger may hold, and for how long. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpServer } from '../../../lib/admin/http/server.ts';

const SHORT = { connections: 3, headTime: 600, requestTime: 900, keepAlive: 300, idle: 60_000 };
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function aServer(limits = SHORT, listener = answerAtOnce) {
  const server = new HttpServer(listener, limits);
  closing.push(() => server.close(50));
  const { port } = await server.open('127.0.0.1:0');
  return { server, port };
}

function answerAtOnce(_: unknown, res: { end: (text: string) => unknown }): void {
  res.end('well');
}

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

async function connected(port: number): Promise<Socket & { heard: () => string }> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  closing.push(() => void socket.destroy());
  await once(socket, 'connect');
  return Object.assign(socket, { heard: () => text });
}

describe('the listener', () => {
  test('a head that never ends is not waited for', async () => {
    const { port } = await aServer();
    const socket = await connected(port);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    await once(socket, 'close');
    expect(socket.heard()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('nor is a body', async () => {
    const { port } = await aServer(SHORT, (req: unknown, res) => {
      (req as NodeJS.ReadableStream).resume().once('end', () => res.end('well'));
    });
    const socket = await connected(port);
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nslow');
    await once(socket, 'close');
    expect(socket.heard()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('a connection that asks nothing more is closed', async () => {
    const { port } = await aServer();
    const socket = await connected(port);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'close');
    expect(socket.heard()).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('more connections than it serves are closed at once, and one that ends makes room', async () => {
    const { port } = await aServer({ ...SHORT, headTime: 60_000, requestTime: 60_000 });
    const first = await connected(port);
    await connected(port);
    await connected(port);
    const oneTooMany = await connected(port);
    await once(oneTooMany, 'close');
    first.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await once(first, 'close');
    const next = await connected(port);
    next.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await once(next, 'close');
    expect(next.heard()).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('a head larger than it needs gets 431', async () => {
    const { port } = await aServer();
    const socket = await connected(port);
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    await once(socket, 'close');
    expect(socket.heard()).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('at its end what is being answered is answered, and nobody new is', async () => {
    let answer: () => void = () => undefined;
    const { promise: asked, resolve } = deferred();
    const { server, port } = await aServer(SHORT, (_, res) => {
      answer = () => void res.end('well');
      resolve();
    });
    const socket = await connected(port);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await asked;
    const closed = server.close(5_000);
    answer();
    await Promise.all([closed, once(socket, 'close')]);
    expect(socket.heard()).toMatch(/^HTTP\/1\.1 200 /);
    await expect(connected(port)).rejects.toThrow();
  });

  test('what is never answered holds up the end no longer than it may', async () => {
    const { server, port } = await aServer(SHORT, () => undefined);
    const socket = await connected(port);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.all([server.close(50), once(socket, 'close')]);
    expect(socket.heard()).toBe('');
  });

  test('an address that is taken is refused with a sentence', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    closing.push(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const server = new HttpServer(answerAtOnce);
    await expect(server.open(`127.0.0.1:${port}`)).rejects.toThrow(
      `Option SILO_HTTP_LISTEN (found "127.0.0.1:${port}"): another program listens there; wanted is an address that is free`,
    );
    await expect(server.open('192.0.2.1:8060')).rejects.toThrow('this machine has no such address');
  });
});
