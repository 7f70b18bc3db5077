/** What the thread of an SQLite store runs: it has the file, and does what it is called for. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { migrate, schemaSteps } from '../shared/migrate.ts';
import { asOurs, isOutage, openFile, type OpenFile } from './database.ts';
import { createEngine, type Engine } from './engine.ts';
import { KINDS } from './methods.ts';
import { schemaOf } from './schema.ts';
import { packError, type Call, type Report, type Request } from './thread/protocol.ts';
import { Turns } from './thread/turns.ts';

/** What the thread is given at its start. */
export interface WorkerData {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly name: string;
}

interface Files {
  readonly main: OpenFile;
  readonly leases: OpenFile;
  readonly close: () => void;
}

function openFiles(path: string): Files {
  const main = openFile(path, 'full');
  const leases = path === ':memory:' ? main : openFile(path, 'normal');
  return {
    main,
    leases,
    close: () => {
      main.close();
      if (leases !== main) leases.close();
    },
  };
}

async function open(path: string): Promise<Files> {
  const files = openFiles(path);
  try {
    await migrate(schemaOf(files.main), schemaSteps('sqlite'));
    return files;
  } catch (error) {
    files.close();
    throw error;
  }
}

async function serve(port: NonNullable<typeof parentPort>, { path, name }: WorkerData): Promise<void> {
  const send = (report: Report) => port.postMessage(report);
  const files = await open(path).catch((error: unknown) => {
    send({ failed: packError(asOurs(name, error)) });
    return undefined;
  });
  if (!files) return;

  let now = 0;
  let closing = false;
  const engine = createEngine(files, () => now);
  const close = () => {
    port.close();
    files.close();
  };
  const turns = new Turns({
    kindOf: (method) => KINDS[method as keyof Engine],
    perform: ({ method, at, args }: Call) => {
      now = at;
      const work = engine[method as keyof Engine] as (...args: readonly unknown[]) => unknown;
      return work(...args);
    },
    transaction: files.main.transaction,
    isOutage,
    asOurs: (error) => asOurs(name, error),
    answer: send,
    onIdle: () => {
      if (closing) close();
    },
  });
  port.on('message', (request: Request) => {
    if (request !== 'close') turns.add(request);
    else if (turns.idle) close();
    else closing = true;
  });
  send('ready');
}

if (!isMainThread && parentPort) await serve(parentPort, workerData as WorkerData);
