/** Can a port be had? It is taken for a moment, and given back. '' says yes. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { textOf } from '../../base/errors.ts';

export async function whyNotTcp(host: string, number: number): Promise<string> {
  const server = createServer();
  try {
    server.listen(number, host);
    await once(server, 'listening');
    return '';
  } catch (error) {
    return textOf(error);
  } finally {
    server.close();
  }
}

export async function whyNotUdp(host: string, number: number): Promise<string> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    const bound = once(socket, 'listening');
    socket.bind(number, host);
    await bound;
    return '';
  } catch (error) {
    return textOf(error);
  } finally {
    socket.close();
  }
}
