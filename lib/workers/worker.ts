/**
 * One of several processes that serve as one: the application, and a line to the first process, which says when it starts and stops.
 * This file is what such a process runs.
 *
 * It ends when it is told to, on a signal, and at once when the first process has gone: then nobody would start it again.
 */
import process from 'node:process';
import { startApplication, type Application, type Own } from '../app/application.ts';
import { servingOf } from '../app/serving.ts';
import { textOf } from '../base/errors.ts';
import { concealed } from '../base/secrets.ts';
import { readConfig } from '../config/config.ts';
import { outliveReaders, startLog } from '../logging/log-writer.ts';
import type { Registration } from '../sip/read/registration.ts';
import { assigned, type Assignment } from './assignment.ts';
import { Line } from './line.ts';
import type { OfService, OfWorker } from './questions.ts';

/** A stop is over after this, whatever hangs, in ms. */
const STOP_LIMIT = 9_500;

let application: Application | undefined;
let own: Own | undefined;
/** What the others are to hear at the end of this turn. */
let registrations: Registration[] = [];
let stopApplication: (() => Promise<void>) | undefined;
let stopping = false;

const line = new Line<OfWorker, OfService>((message) => process.send?.(message), {
  start,
  stop,
  ping: () => undefined,
  readiness: () => {
    if (!own) throw new Error('it is starting');
    return own.readiness();
  },
  registered: (all) => {
    for (const registration of all) own?.registered(registration);
    return undefined;
  },
  metrics: async () => (await application?.admin.registry.getMetricsAsJSON()) ?? [],
});

outliveReaders();
process.on('message', (message) => line.receive(message));
void line.ask('here', undefined);
// Ctrl-C in a terminal, and some supervisors, signal all processes.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop());

async function start(assignment: Assignment) {
  try {
    const config = assigned(readConfig(process.env), assignment);
    startLog(config.log, config.silo.node);
    application = await startApplication(config, {
      onConnected: (stopIt) => {
        stopApplication = stopIt;
        void line.ask('connected', undefined).catch(() => undefined);
      },
      asOneOf: (its) => {
        own = its;
        return {
          readiness: () => line.ask('readiness', undefined),
          metrics: () => line.ask('metrics', undefined),
          registered,
        };
      },
    });
    return await servingOf(application);
  } catch (error) {
    // A stop in the middle of a start makes it fail.
    throw new Error(concealed(textOf(error)), { cause: error });
  }
}

function registered(registration: Registration): void {
  if (registrations.push(registration) > 1) return;
  setImmediate(() => {
    void line.ask('registered', registrations).catch(() => undefined);
    registrations = [];
  });
}

function stop(): undefined {
  if (stopping) return;
  stopping = true;
  // A database that hangs must not hang us.
  setTimeout(() => process.exit(1), STOP_LIMIT).unref();
  (stopApplication?.() ?? Promise.resolve()).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(`drachtio-silo could not stop cleanly: ${concealed(textOf(error))}`);
      process.exit(1);
    },
  );
}
