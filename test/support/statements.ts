/** Every statement that a MySQL store sends, read off its connections: a relay between it and the server. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** Statements with their values, in the order in which they were sent. */
  readonly statements: string[];
  close(): Promise<void>;
}

const COM_QUERY = 3;
const HEADER = 4;

/** As a MySQL would call itself, in as many letters. */
const AS_MYSQL = 'MySQL-8';

/** @param asMysql a MariaDB behind it seems to be a MySQL */
export async function relayTo(port: number, { asMysql = false } = {}): Promise<Relay> {
  const statements: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let read = Buffer.alloc(0);
    client.on('data', (data) => {
      upstream.write(data);
      read = Buffer.concat([read, data]);
      for (;;) {
        const length = read.length < HEADER ? Infinity : read.readUIntLE(0, 3);
        if (read.length < HEADER + length) return;
        // A command is the first packet of its sequence; what comes before the first command (the login) is not.
        if (read[3] === 0 && read[HEADER] === COM_QUERY)
          statements.push(read.toString('utf8', HEADER + 1, HEADER + length));
        read = read.subarray(HEADER + length);
      }
    });
    upstream.on('data', (data) => {
      const named = asMysql ? data.indexOf('MariaDB') : -1;
      if (named >= 0) data.write(AS_MYSQL, named);
      client.write(data);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    statements,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
