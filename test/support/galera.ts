/** A Galera cluster of our own: several MariaDB nodes on loopback, each with its own ports and folder. */
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { freePort } from './free-port.ts';
import { createDatabase, urlOf, type TestDatabase } from './mariadb-database.ts';
import { ended, installMariaDb, launchMariaDb, mariadbMissing } from './mariadb.ts';
import type { RunningProcess } from './process.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface GaleraNode {
  readonly port: number;
  readonly url: (database: string) => string;
  kill(signal: NodeJS.Signals): void;
  /** Settles when the process has ended. */
  down(): Promise<void>;
  /** After a kill: starts it again and waits until it has caught up with the others. */
  rejoin(): Promise<void>;
}

export interface GaleraCluster {
  readonly nodes: readonly GaleraNode[];
  createDatabase(prefix?: string): Promise<TestDatabase>;
  stop(): Promise<void>;
}

const PROVIDERS = [
  '/usr/lib/galera/libgalera_smm.so',
  '/usr/lib64/galera-4/libgalera_smm.so',
  '/usr/lib64/galera/libgalera_smm.so',
  '/usr/lib/libgalera_smm.so',
];

/** Why there can't be a cluster here; undefined where there can. */
export function galeraMissing(): string | undefined {
  const without = mariadbMissing();
  if (without !== undefined || PROVIDERS.some((file) => existsSync(file))) return without;
  return 'Galera is missing (libgalera_smm.so not found); install it: apt-get install galera-4';
}

/**
 * Starts the nodes; takes about five seconds. The first writes a data folder and ends, the others start on a copy of it:
 * so they join with what they lack (IST) and nobody ever has to be copied whole, for which more packages would be needed.
 */
export async function startGalera(size = 3): Promise<GaleraCluster> {
  const folder = temporaryFolder('silo-galera');
  const nodes: Node[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.end()));
    folder.remove();
  };
  try {
    writeTransferScript(folder.path);
    for (let i = 0; i < size; i++) nodes.push(await Node.create(folder.path, i));
    const [first, ...others] = nodes as [Node, ...Node[]];
    await first.install();
    for (const other of others) other.copy(first);
    await first.start([]);
    // One after the other: two that meet before they meet the first are a cluster of their own for a while.
    for (const other of others) await other.start([first]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes: nodes.map((node) => ({
      port: node.port,
      url: (database) => urlOf(node.port, database),
      kill: (signal) => node.server?.kill(signal),
      down: async () => {
        await node.server?.exited;
      },
      rejoin: () => node.rejoin(nodes.filter((other) => other !== node)),
    })),
    createDatabase: (prefix) => createDatabase(nodes[0]?.port ?? 0, prefix),
    stop,
  };
}

class Node {
  readonly port: number;
  server: RunningProcess | undefined;
  readonly #name: string;
  readonly #folder: string;
  readonly #shared: string;
  readonly #group: number;
  readonly #transfer: number;

  private constructor(
    shared: string,
    index: number,
    [port, group, transfer]: readonly [number, number, number],
  ) {
    this.#name = `node${index + 1}`;
    this.#folder = join(shared, this.#name);
    this.#shared = shared;
    this.port = port;
    this.#group = group;
    this.#transfer = transfer;
    mkdirSync(this.#folder);
  }

  static async create(shared: string, index: number): Promise<Node> {
    return new Node(shared, index, [await freePort(), await freePort(), await freePort()]);
  }

  /** Accounts and a first position, then an orderly end: what it leaves behind can be copied. */
  async install(): Promise<void> {
    await installMariaDb(this.#folder);
    await this.#launch([], []);
    await this.#synced();
    await this.server?.stop(20_000);
  }

  copy(from: Node): void {
    cpSync(join(from.#folder, 'data'), join(this.#folder, 'data'), { recursive: true });
    for (const own of ['galera.cache', 'gvwstate.dat'])
      rmSync(join(this.#folder, 'data', own), { force: true });
  }

  /** The accounts are there already, and would be replicated. */
  async start(others: readonly Node[], args: readonly string[] = []): Promise<void> {
    await this.#launch(others, ['--init-file=', ...args]);
    await this.#synced();
  }

  /** After a crash the node does not know its position; InnoDB does. */
  async rejoin(others: readonly Node[]): Promise<void> {
    if (this.server) await ended(this.server);
    await this.start(others, [`--wsrep-start-position=${await this.#position()}`]);
  }

  async end(): Promise<void> {
    await this.server?.stop(0);
  }

  /** The server says its position and ends, which to our launcher is a failed start: with all that it said. */
  async #position(): Promise<string> {
    let said = 'it started';
    try {
      await this.#launch([], ['--init-file=', '--wsrep-recover']);
    } catch (ended) {
      said = String(ended);
    }
    const position = /Recovered position: (\S+)/.exec(said)?.[1];
    if (position === undefined)
      throw new Error(`The position of ${this.#name} could not be recovered.\n${said}`);
    return position;
  }

  /** A node lets clients in before it has caught up. */
  async #synced(): Promise<void> {
    const until = performance.now() + 30_000;
    while (performance.now() < until) {
      if ((await this.#state().catch(() => '')) === 'Synced') return;
      await sleep(50);
    }
    throw new Error(`${this.#name} did not join the others.\n${this.server?.stderr.slice(-2_000) ?? ''}`);
  }

  async #state(): Promise<string | undefined> {
    const connection = await createConnection(urlOf(this.port, ''));
    try {
      const [rows] = await connection.query("show global status like 'wsrep_local_state_comment'");
      return (rows as { Value: string }[])[0]?.Value;
    } finally {
      connection.destroy();
    }
  }

  async #launch(others: readonly Node[], args: readonly string[]): Promise<void> {
    const provider = PROVIDERS.find((file) => existsSync(file)) ?? '';
    const address = (node: Node) => `127.0.0.1:${node.#group}`;
    this.server = await launchMariaDb(
      this.#folder,
      this.port,
      [
        '--binlog-format=ROW',
        '--innodb-autoinc-lock-mode=2',
        '--wsrep-on=ON',
        `--wsrep-provider=${provider}`,
        '--wsrep-cluster-name=silo',
        `--wsrep-cluster-address=gcomm://${others.map(address).join(',')}`,
        `--wsrep-node-name=${this.#name}`,
        `--wsrep-node-address=${address(this)}`,
        '--wsrep-sst-method=handover',
        '--wsrep-provider-options=' +
          [
            'base_host=127.0.0.1',
            `gmcast.listen_addr=tcp://${address(this)}`,
            `ist.recv_addr=127.0.0.1:${this.#transfer}`,
            'gcache.size=32M',
            'pc.recovery=FALSE',
          ].join(';'),
        ...args,
      ],
      { PATH: `${this.#shared}:${process.env['PATH'] ?? ''}`, GALERA_HANDOVER: this.#shared },
    );
  }
}

/**
 * Galera runs `wsrep_sst_<method>` on both sides even if the joiner lacks nothing but the last transactions, which it
 * sends itself. The joiner's names a file (in place of an address), the donor's writes its position into it.
 */
function writeTransferScript(folder: string): void {
  const script = join(folder, 'wsrep_sst_handover');
  writeFileSync(
    script,
    `#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    --role) role=$2 ;;
    --address) address=$2 ;;
    --gtid) gtid=$2 ;;
    --bypass) bypass=yes ;;
    --mysqld-args) break ;;
  esac
  shift
done
cd "$GALERA_HANDOVER" || exit 1
if [ "$role" = joiner ]; then
  echo "ready 127.0.0.1:1/handover.$$"
  for wait in $(seq 300); do
    [ -f "handover.$$" ] && break
    sleep 0.1
  done
  cat "handover.$$"
else
  [ "$bypass" = yes ] || exit 1
  echo continue
  echo "$gtid" > "writing.$$" && mv "writing.$$" "\${address##*/}"
  echo "done $gtid"
fi
`,
  );
  chmodSync(script, 0o755);
}
