/** Somebody who has asked for nothing: an address that only counts what it is sent, over UDP, and has no TCP. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Sink {
  readonly host: string;
  readonly port: number;
  /** Bytes that have come. */
  readonly bytes: number;
  /** Resolves when nothing has come for so many ms. */
  quiet(ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function openSink(host: string, port: number): Promise<Sink> {
  const socket = createSocket('udp4');
  socket.bind(port, host);
  await once(socket, 'listening');
  let bytes = 0;
  let last = performance.now();
  socket.on('message', (datagram) => {
    bytes += datagram.length;
    last = performance.now();
  });
  return {
    host,
    port: socket.address().port,
    get bytes() {
      return bytes;
    },
    quiet: async (ms) => {
      last = performance.now();
      for (let left = ms; left > 0; left = last + ms - performance.now()) await sleep(left);
    },
    close: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}
