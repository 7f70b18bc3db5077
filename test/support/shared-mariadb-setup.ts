import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startMariaDb, type TestMariaDb } from './mariadb.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test file asks for the port of the shared MariaDB. */
    mariadbStarter: string;
  }
}

/**
 * vitest's global setup runs before it is known whether any test needs a database. So what it provides is not
 * the server but somebody to ask: the first question starts MariaDB, and a run that never asks pays nothing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<TestMariaDb> | undefined;
  const starter = createServer((_, response) => {
    starting ??= startMariaDb();
    starting.then(
      (mariadb) => response.end(String(mariadb.port)),
      (error: unknown) => response.writeHead(503).end(error instanceof Error ? error.message : String(error)),
    );
  });
  starter.listen(0, '127.0.0.1');
  await once(starter, 'listening');
  project.provide('mariadbStarter', `http://127.0.0.1:${(starter.address() as AddressInfo).port}/`);

  return async () => {
    starter.closeAllConnections();
    starter.close();
    const mariadb = await starting?.catch(() => undefined);
    await mariadb?.stop();
  };
}
