/**
 * A TCP proxy in front of a database that harms connections at a chosen moment. It reads just enough of MySQL's
 * protocol to know a COMMIT: packets are a length of three bytes, a number, a command byte (3: query) and the text.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * What happens to the connection that sends a COMMIT:
 * - `before`: cut, and the server never sees it
 * - `after`: the server gets it, and the client is cut off at once
 * - `silent`: the server gets it, and no answer ever comes back on this connection
 * - `held`: the server never sees it, nor is the connection cut
 */
export type Harm = 'before' | 'after' | 'silent' | 'held';

export interface Proxy {
  readonly port: number;
  /** Harms done so far. */
  readonly harmed: number;
  /** The next `count` COMMITs that pass are harmed; only those of transactions that said `about`, if that is given. */
  harm(how: Harm, count?: number, about?: string): void;
  close(): void;
}

/** Characters of a transaction that are remembered. */
const MEMORY = 50_000;

export async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let [how, left, harmed]: [Harm, number, number] = ['before', 0, 0];
  let about = '';

  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let silent = false;
    /** What the client has said since its last COMMIT. */
    let said = '';
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    upstream.on('data', (data) => {
      if (!silent) client.write(data);
    });
    upstream.on('close', () => {
      if (!silent) client.destroy();
    });
    client.on('close', () => upstream.end());
    client.on('data', (data) => {
      const ends = isCommit(data);
      const meant = ends && left > 0 && said.includes(about);
      said = ends ? '' : (said + data.toString('latin1')).slice(-MEMORY);
      if (!meant) {
        upstream.write(data);
        return;
      }
      left--;
      harmed++;
      if (how === 'before') upstream.destroy();
      else if (how !== 'held') upstream.write(data);
      if (how === 'silent') silent = true;
      else if (how !== 'held') client.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get harmed() {
      return harmed;
    },
    harm: (next, count = 1, text = '') => {
      how = next;
      about = text;
      left = count;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The client waits for each answer, so a COMMIT is a piece of its own. */
function isCommit(data: Buffer): boolean {
  return data[4] === 3 && data.subarray(5).toString('latin1').trim().toLowerCase() === 'commit';
}
