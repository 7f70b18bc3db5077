/** What a test of a node stands behind: an embedded front end of its own, or the real drachtio-server of all tests. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { newFaults } from '../../lib/embedded/network/faults.ts';
import { startFrontEnd, type FrontEnd, type FrontEndOptions } from '../../lib/embedded/front-end.ts';
import { realServer, type RealServer } from './real-server.ts';

/** A test that gives options needs what only the embedded front end can do, and gets it whatever is named. */
export function openFront(options?: FrontEndOptions): Promise<FrontEnd> {
  if (realServer !== undefined && options === undefined) return realFront(realServer);
  return startFrontEnd({ listen: '127.0.0.1:0', ...options });
}

/**
 * The real server with the handles of an embedded one. Its app connects through a relay that can cut it off. When there
 * is a command for it the server begins anew: it remembers the connections of people who have the same names in each test.
 */
async function realFront({ sip, admin, secret }: RealServer): Promise<FrontEnd> {
  const command = process.env['SILO_CONFORMANCE_RESTART'];
  const restart = () => promisify(execFile)('sh', ['-c', command ?? '']);
  if (command !== undefined) await restart();
  if (secret !== 'cymru') throw new Error('tests of nodes need a drachtio-server with the secret cymru');
  const sockets = new Set<Socket>();
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  const relay = createServer((app) => {
    const server = connect(admin.port, admin.host);
    for (const [from, to] of [
      [app, server],
      [server, app],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('data', (bytes) => to.write(bytes));
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const address = relay.address();
  return {
    addresses: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, ...sip })),
    adminHost: '127.0.0.1',
    adminPort: typeof address === 'object' && address !== null ? address.port : 0,
    faults: newFaults(),
    async restart() {
      if (command === undefined)
        throw new Error('found no SILO_CONFORMANCE_RESTART, the command that restarts the drachtio-server');
      await restart();
    },
    dropApps: drop,
    async close() {
      drop();
      const closed = once(relay, 'close');
      relay.close();
      await closed;
    },
  };
}
