/** What MariaDB has done, as it counts itself. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';

export interface DatabaseWork {
  readonly statements: number;
  readonly commits: number;
  /** To it and from it. */
  readonly bytes: number;
}

const NAMES: Readonly<Record<keyof DatabaseWork, readonly string[]>> = {
  // A prepared statement that is executed counts, too.
  statements: ['Questions'],
  commits: ['Com_commit'],
  bytes: ['Bytes_received', 'Bytes_sent'],
};

/** Looks at the counters of a server that works for one client at a time. */
export class DatabaseMeter {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<DatabaseMeter> {
    return new DatabaseMeter(await createConnection(url));
  }

  async now(): Promise<DatabaseWork> {
    const [rows] = await this.#connection.query<RowDataPacket[]>('show global status');
    const counters = new Map(rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]));
    const sum = (names: readonly string[]) => names.reduce((all, name) => all + (counters.get(name) ?? 0), 0);
    return {
      statements: sum(NAMES.statements),
      commits: sum(NAMES.commits),
      bytes: sum(NAMES.bytes),
    };
  }

  async close(): Promise<void> {
    await this.#connection.end();
  }
}

/** What has been done between two looks. */
export function workBetween(before: DatabaseWork, after: DatabaseWork): DatabaseWork {
  return {
    statements: after.statements - before.statements,
    commits: after.commits - before.commits,
    bytes: after.bytes - before.bytes,
  };
}

const COMMITS = 200;

/** How long one commit takes when nothing else goes on, in ms: the median of some. */
export async function commitLatency(url: string): Promise<number> {
  const connection = await createConnection(url);
  try {
    await connection.query(
      'create table probe (id int auto_increment primary key, body varchar(255) not null)',
    );
    const took: number[] = [];
    for (let count = 0; count < COMMITS; count++) {
      const asked = performance.now();
      await connection.query("insert into probe (body) values (repeat('x', 200))");
      took.push(performance.now() - asked);
    }
    return took.sort((a, b) => a - b)[COMMITS / 2] ?? NaN;
  } finally {
    await connection.end();
  }
}
