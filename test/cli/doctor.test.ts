/** `drachtio-silo doctor` on machines that are badly set, each by a fault that the test makes. */
import { chmodSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startFrontEnd, type FrontEnd } from '../../lib/embedded/front-end.ts';
import { openStore } from '../../lib/stores/open.ts';
import { mountMissing, mountSmallDisk } from '../faults/disk.ts';
import { createAuthority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { mariadbMissing, startMariaDb, type TestMariaDb } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { startProcess } from '../support/process.ts';
import { secureMariadbMissing, startSecureMariaDb } from '../support/secure-mariadb.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { silo } from './command.ts';
import { examined, expectFault, saying } from './doctor.ts';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder('silo-doctor');
});
afterEach(() => folder.remove());

describe('a machine whose MariaDB is badly set', needing(mariadbMissing()), () => {
  let server: TestMariaDb;
  let root: Connection;
  let url: string;
  const at = { where: 'database' };
  beforeAll(async () => {
    server = await startMariaDb({ args: ['--log-bin', '--sync-binlog=1'] });
    root = await mysql.createConnection({ uri: server.url(''), multipleStatements: true });
    await root.query(
      `create database silo; create user app@'%' identified by 'right';
       grant select, insert, update, delete on silo.* to app@'%'`,
    );
    url = server.url('silo').replace(/root:[^@]*@/, 'app:right@');
    await (await openStore(server.url('silo'))).close();
  });
  afterAll(async () => {
    await root.end();
    await server.stop();
  });

  test('but for that nothing is wrong, and nothing is said to be', async () => {
    const { code, stdout } = await silo(['doctor'], {
      SILO_STORE: url,
      SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}`,
      SILO_HTTP_LISTEN: 'off',
    });
    expect(stdout).not.toMatch(/^(warn|fail)/m);
    for (const what of ['reachable', 'server version', 'TLS', 'clock', 'durability', 'rights', 'schema'])
      expect(stdout).toContain(`ok    database, ${what}: `);
    expect(code).toBe(0);
  });

  test('nobody listens there', async () => {
    await expectFault(
      { SILO_STORE: `mysql://app:right@127.0.0.1:${await freePort()}/silo` },
      { ...at, status: 'fail', what: 'reachable', found: saying('ECONNREFUSED'), advice: saying('Start') },
    );
  });

  test('another password', async () => {
    await expectFault(
      { SILO_STORE: url.replace('right', 'wrong') },
      { ...at, status: 'fail', found: saying('Access denied'), advice: saying('User, password or database') },
    );
  });

  test('no such database', async () => {
    await root.query("grant select on nowhere.* to app@'%'");
    await expectFault(
      { SILO_STORE: url.replace(/silo$/, 'nowhere') },
      { ...at, status: 'fail', found: saying('Unknown database'), advice: saying('Make the database') },
    );
  });

  test('a user who may not delete', async () => {
    await root.query("revoke delete on silo.* from app@'%'");
    try {
      await expectFault(
        { SILO_STORE: url },
        { ...at, status: 'fail', what: 'rights', found: saying('lacks delete on '), advice: saying('Grant') },
      );
    } finally {
      await root.query("grant delete on silo.* to app@'%'");
    }
  });

  test('commits that are not on disk', async () => {
    await root.query('set global innodb_flush_log_at_trx_commit = 0');
    try {
      await expectFault(
        { SILO_STORE: url },
        {
          ...at,
          status: 'warn',
          what: 'durability',
          found: saying('innodb_flush_log_at_trx_commit = 0'),
          advice: "Set innodb_flush_log_at_trx_commit = 1 in the server's configuration.",
        },
      );
    } finally {
      await root.query('set global innodb_flush_log_at_trx_commit = 1');
    }
  });

  test('a binary log that lags behind', async () => {
    await root.query('set global sync_binlog = 0');
    try {
      await expectFault({ SILO_STORE: url }, { ...at, what: 'durability', found: saying('sync_binlog = 0') });
    } finally {
      await root.query('set global sync_binlog = 1');
    }
  });

  test('a clock that goes five minutes ahead', async () => {
    await root.query("set global init_connect = 'set timestamp = unix_timestamp() + 300'");
    try {
      await expectFault(
        { SILO_STORE: url },
        {
          ...at,
          status: 'fail',
          what: 'clock',
          found: saying('s ahead of this host'),
          advice: saying('NTP'),
        },
      );
    } finally {
      await root.query("set global init_connect = ''");
    }
  });

  test('a schema that lacks steps, and a user who may not do them', async () => {
    await root.query('delete from silo.silo_schema where version = 9');
    try {
      await expectFault(
        { SILO_STORE: url },
        { ...at, status: 'fail', what: 'schema', found: saying('9 seal'), advice: saying('migrate --print') },
      );
    } finally {
      await root.query("insert into silo.silo_schema (version, name) values (9, 'seal')");
    }
  });

  test('a server that is read-only', async () => {
    await root.query('set global read_only = 1');
    try {
      await expectFault(
        { SILO_STORE: url },
        { ...at, status: 'fail', found: saying('read-only'), advice: saying('primary') },
      );
    } finally {
      await root.query('set global read_only = 0');
    }
  });
});

test('a machine with the CA of another database', needing(secureMariadbMissing()), async () => {
  const secure = await startSecureMariaDb();
  try {
    await (await openStore(secure.url, { tls: 'verify', ca: secure.authority.ca })).close();
    const other = await createAuthority(folder.path, 'another');
    const env = { SILO_STORE: secure.url };
    const good = await silo(['doctor'], { ...env, SILO_STORE_CA: secure.authority.ca });
    expect(good.stdout).toMatch(/^ok {4}database, TLS: TLS/m);
    await expectFault(
      { ...env, SILO_STORE_CA: other.ca },
      { where: 'database', status: 'fail', found: saying('certificate'), advice: saying('SILO_STORE_CA') },
    );
  } finally {
    await secure.stop();
  }
});

describe('a machine whose drachtio-server is badly set', () => {
  const at = { where: 'drachtio-server' };
  let front: FrontEnd;
  beforeAll(async () => {
    front = await startFrontEnd({ listen: '127.0.0.1:0', secret: 'sesame' });
  });
  afterAll(() => front.close());
  const env = (port: number, secret = 'sesame') => ({
    DRACHTIO_HOST: '127.0.0.1',
    DRACHTIO_PORT: String(port),
    DRACHTIO_SECRET: secret,
  });

  test('but for that nothing is wrong', async () => {
    expect((await examined(env(front.adminPort))).bad).toEqual([]);
  });

  test('nobody listens there', async () => {
    await expectFault(env(await freePort()), {
      ...at,
      status: 'fail',
      what: 'reachable',
      found: saying('ECONNREFUSED'),
    });
  });

  test('another secret, which is not repeated', async () => {
    await expectFault(env(front.adminPort, 'guess'), {
      ...at,
      status: 'fail',
      what: 'secret',
      found: expect.not.stringContaining('guess'),
      advice: saying('DRACHTIO_SECRET'),
    });
  });

  /** Says this to whoever connects and authenticates, or nothing. */
  async function listener(answer?: (id: string) => string) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const [, id, verb] = /#([^|]*)\|(\w+)/.exec(data.toString()) ?? [];
        if (answer && verb === 'authenticate') {
          const text = answer(id ?? '');
          socket.write(`${Buffer.byteLength(text)}#${text}`);
        }
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      port: (server.address() as AddressInfo).port,
      close: () => {
        server.close();
        for (const socket of sockets) socket.destroy();
      },
    };
  }

  test('something else listens there', async () => {
    const silent = await listener();
    try {
      await expectFault(env(silent.port), {
        ...at,
        status: 'fail',
        what: 'reachable',
        found: saying('no answer of a drachtio-server'),
        advice: saying('not a SIP port'),
      });
    } finally {
      silent.close();
    }
  });

  test('an old version', async () => {
    const old = await listener((id) => `a|response|${id}|OK|udp/127.0.0.1:5060|v0.8.1|udp/127.0.0.1:5060`);
    try {
      await expectFault(env(old.port), {
        ...at,
        status: 'warn',
        what: 'version',
        found: 'v0.8.1',
        advice: saying('docs/drachtio-server.md'),
      });
    } finally {
      old.close();
    }
  });
});

describe('a host that is badly set', () => {
  test('the SIP port is taken', async () => {
    const other = createSocket('udp4');
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      await expectFault(
        { SILO_SIP_LISTEN: `127.0.0.1:${other.address().port}` },
        { where: 'this host', status: 'warn', what: 'port', found: saying('is taken') },
      );
    } finally {
      other.close();
    }
  });

  test('a SIP address of another host', async () => {
    await expectFault(
      { SILO_SIP_LISTEN: '192.0.2.1:5060' },
      { where: 'this host', status: 'fail', what: 'port', found: saying('EADDRNOTAVAIL') },
    );
  });

  test('few open files', async () => {
    const running = await startProcess('sh', ['-c', 'ulimit -n 256; exec node dist/app.js doctor'], {
      env: { SILO_STORE: 'sqlite::memory:', SILO_SIP_LISTEN: '127.0.0.1:0' },
    });
    const { code } = await running.exited;
    expect(running.stdout).toContain('fail  this host, open files: at most 256\n      Raise it: LimitNOFILE');
    expect(code).toBe(2);
  });

  test('a secret that everybody can read', async () => {
    const path = join(folder.path, 'secret');
    writeFileSync(path, 'sesame\n');
    chmodSync(path, 0o644);
    await expectFault(
      { DRACHTIO_SECRET_FILE: path },
      {
        where: 'secrets',
        status: 'warn',
        what: 'DRACHTIO_SECRET_FILE',
        found: saying('0644'),
        advice: saying('chmod 600'),
      },
    );
  });

  test('an SQLite file that everybody can read', async () => {
    const path = join(folder.path, 'silo.db');
    await (await openStore(`sqlite:${path}`)).close();
    expect((await examined({ SILO_STORE: `sqlite:${path}` })).bad).toEqual([]);
    chmodSync(path, 0o644);
    await expectFault(
      { SILO_STORE: `sqlite:${path}` },
      { where: 'database', status: 'warn', what: 'file mode', found: saying('0644') },
    );
  });

  test('an SQLite file that is none', async () => {
    const path = join(folder.path, 'silo.db');
    writeFileSync(path, 'something else'.repeat(100), { mode: 0o600 });
    await expectFault(
      { SILO_STORE: `sqlite:${path}` },
      { where: 'database', status: 'fail', what: 'reachable', found: saying('file is not a database') },
    );
  });

  test('a folder that is not there', async () => {
    await expectFault(
      { SILO_STORE: `sqlite:${join(folder.path, 'no', 'silo.db')}` },
      { where: 'database', status: 'fail', what: 'disk', found: saying('is not there') },
    );
  });

  test('a disk that is nearly full', needing(mountMissing()), async () => {
    const disk = mountSmallDisk(20);
    try {
      await expectFault(
        { SILO_STORE: `sqlite:${join(disk.path, 'silo.db')}` },
        {
          where: 'database',
          status: 'fail',
          what: 'disk',
          found: saying('MB are free'),
          advice: saying('room'),
        },
      );
    } finally {
      disk.remove();
    }
  });

  test('an option that is none', async () => {
    await expectFault(
      { SILO_STOER: 'sqlite:./silo.db' },
      { where: 'configuration', status: 'fail', found: saying('Did you mean SILO_STORE?') },
    );
  });
});
