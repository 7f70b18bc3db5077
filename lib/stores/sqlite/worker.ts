/** What the thread of an SQLite store runs: it has the file, and does what it is called for. */
import { isMainThread, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { migrate, schemaSteps } from '../shared/migrate.ts';
import { asOurs, isOutage, openFile, type OpenFile } from './inside/database.ts';
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

async function open(path: string): Promise<OpenFile> {
  const file = openFile(path);
  try {
    await migrate(schemaOf(file), schemaSteps('sqlite'));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

async function serve(port: NonNullable<typeof parentPort>, { path, name }: WorkerData): Promise<void> {
  const send = (report: Report) => port.postMessage(report);
  const file = await open(path).catch((error: unknown) => {
    send({ failed: packError(asOurs(name, error)) });
    return undefined;
  });
  if (!file) return;

  let now = 0;
  let closing = false;
  const engine = createEngine(file, () => now);
  /** All calls that have arrived; the event loop would bring one message after the other. */
  const receive = (): readonly Call[] => {
    const calls: Call[] = [];
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
      const request = next.message as Request;
      if (request === 'close') closing = true;
      else calls.push(...request);
    }
    return calls;
  };
  const turns = new Turns({
    kindOf: (method) => KINDS[method as keyof Engine],
    perform: ({ method, at, args }: Call) => {
      now = at;
      return Reflect.apply(engine[method as keyof Engine], undefined, args) as unknown;
    },
    transaction: (kind, work) => file.transaction(work, kind === 'write' ? 'full' : 'normal'),
    isOutage,
    asOurs: (error) => asOurs(name, error),
    receive,
    answer: send,
  });
  port.on('message', (request: Request) => {
    if (request === 'close') closing = true;
    else turns.run(request);
    if (!closing) return;
    try {
      file.close();
    } catch (error) {
      send({ failed: packError(asOurs(name, error)) });
    }
    port.close();
  });
  send('ready');
}

if (!isMainThread && parentPort) await serve(parentPort, workerData as WorkerData);
