/** `drachtio-silo doctor` and the address of HTTP, each fault made by the test. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { siloJson } from './command.ts';
import { examined, expectFault, saying } from './doctor.ts';

/** As it would be drawn. */
const DRAWN = 'b7Yx0q9fWmT3kLr8ZsVn2HcE';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (let end = ends.pop(); end; end = ends.pop()) await end();
});

/** Somebody else's, and what he was asked. */
async function aStranger(): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.url ?? ''} ${JSON.stringify(req.headers)}`);
    res.end('It works!');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => void server.close());
  return { port: (server.address() as AddressInfo).port, asked };
}

describe('the address of HTTP', () => {
  test('is free, and the token was drawn: nothing is wrong', async () => {
    const env = { SILO_HTTP_LISTEN: `127.0.0.1:${await freePort()}`, SILO_HTTP_TOKEN: DRAWN };
    expect((await examined(env)).bad).toEqual([]);
  });

  test('is taken by another program, which is not told the token', async () => {
    const { port, asked } = await aStranger();
    await expectFault(
      { SILO_HTTP_LISTEN: `127.0.0.1:${port}`, SILO_HTTP_TOKEN: DRAWN },
      {
        where: 'HTTP',
        status: 'fail',
        what: 'address',
        found: saying('another program'),
        advice: saying('ss -lntp'),
      },
    );
    expect(asked.join()).toContain('/healthz');
    expect(asked.join()).not.toContain(DRAWN);
  });

  test('is taken by the application itself: nothing is wrong', async () => {
    const at = `127.0.0.1:${await freePort()}`;
    const app = await startApp({ SILO_HTTP_LISTEN: at });
    ends.push(() => app.process.stop());
    expect((await examined({ SILO_HTTP_LISTEN: at })).bad).toEqual([]);
    const { answer } = await siloJson(['doctor'], { SILO_HTTP_LISTEN: at, SILO_STORE: 'sqlite::memory:' });
    expect(JSON.stringify(answer)).toContain(`a drachtio-silo answers at ${at}`);
  });

  test('is one of another host', async () => {
    await expectFault(
      { SILO_HTTP_LISTEN: '192.0.2.1:8060', SILO_HTTP_TOKEN: DRAWN },
      { where: 'HTTP', status: 'fail', what: 'address', found: saying('EADDRNOTAVAIL') },
    );
  });

  test('can be reached by strangers, and there is no token', async () => {
    await expectFault(
      { SILO_HTTP_LISTEN: `0.0.0.0:${await freePort()}` },
      { where: 'configuration', status: 'fail', found: saying('SILO_HTTP_TOKEN of your own') },
    );
  });

  test.each([
    ['changeme-changeme-now', 'words or rows that are tried first'],
    ['a-token-that-nobody-guesses', 'words or rows that are tried first'],
    ['zzzzzzzzzzzzzzzzzzzz', 'has no more than 1 different characters'],
  ])('has the token %s', async (token, why) => {
    const weak = { where: 'HTTP', what: 'token', found: saying(why), advice: saying('openssl rand') };
    await expectFault(
      { SILO_HTTP_LISTEN: '127.0.0.1:0', SILO_HTTP_TOKEN: token },
      { ...weak, status: 'warn' },
    );
    const { bad } = await examined({ SILO_HTTP_LISTEN: '0.0.0.0:0', SILO_HTTP_TOKEN: token });
    expect(bad).toMatchObject([{ ...weak, status: 'fail' }]);
    expect(JSON.stringify(bad)).not.toContain(token);
  });
});
