#!/usr/bin/env node
/**
 * drachtio-silo as a process: arguments, the ready line, signals and the exit code around the application of lib/app/.
 * Other commands are in lib/cli/.
 */
import type { Serving } from './lib/app/serving.ts';
import { SiloError, textOf } from './lib/base/errors.ts';
import { concealed } from './lib/base/secrets.ts';
import { runCli } from './lib/cli/cli.ts';
import { readConfig, type Config } from './lib/config/config.ts';
import { outliveReaders, startLog } from './lib/logging/log-writer.ts';
import { logOptions } from './lib/logging/options.ts';
import { processesOf } from './lib/workers/count.ts';

/** A stop is over after this, whatever hangs, in ms. */
const STOP_LIMIT = 9_500;
/** Signals this close together are one, in ms. */
const ONE_SIGNAL = 500;

async function start(): Promise<void> {
  outliveReaders();
  const config = readConfig(process.env);
  stopLog();
  startLog(config.log, config.silo.node);
  // Before anything is announced: a stop right after the ready line is a graceful one, too.
  announce(config, await serve(config, processesOf(config)));
}

/** Only now is the application read, by far the most there is to read: a command does without it. */
async function serve(config: Config, processes: number): Promise<Serving> {
  if (processes > 1) {
    const { startService } = await import('./lib/workers/service.ts');
    return startService(config, processes, onStop);
  }
  const { startApplication } = await import('./lib/app/application.ts');
  const { servingOf } = await import('./lib/app/serving.ts');
  return servingOf(await startApplication(config, { onConnected: onStop }));
}

function announce(config: Config, { addresses, store, processes, ...serving }: Serving): void {
  const { http, token, embedded, asksPasswords } = serving;
  const many = processes > 1 ? `; ${processes} processes` : '';
  console.log(`drachtio-silo ready: ${addresses.join(', ')}; store ${store}${many}`);
  if (serving.quarantine !== '') console.log(`  ${serving.quarantine}`);
  // Behind the # a browser sends it to nobody; one that the operator has chosen is not printed.
  if (http !== undefined)
    console.log(
      config.admin.token === ''
        ? `  Page, metrics and API: ${http}#token=${token}`
        : `  Page, metrics and API: ${http} with the token of SILO_HTTP_TOKEN`,
    );
  if (!embedded) return;
  const first = (addresses[0] ?? '').replace(/^\w+\//, '');
  const domain = config.silo.domains[0] ?? first.replace(/:\d+$/, '');
  const password = asksPasswords ? 'with the password of its user' : 'any password';
  console.log(`  Register any SIP phone as sip:<name>@${domain} at ${first} (UDP or TCP, ${password}).`);
  console.log(
    `  Send a MESSAGE to a name that is not registered: it gets 202, waits, and arrives when that name registers.`,
  );
  console.log(
    `  This embedded SIP front end is for first runs, development and tests; for production set DRACHTIO_HOST.`,
  );
}

/** Until it is known what the operator wants, warnings and errors are for everybody to see. */
const stopLog = startLog(logOptions.defaults, '');

/** First signal: a graceful stop; a second one: at once. */
function onStop(stop: () => Promise<void>): void {
  let stoppingSince: number | undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      // Ctrl-C under npm comes twice: from the terminal, and handed on by npm.
      if (stoppingSince !== undefined && performance.now() - stoppingSince < ONE_SIGNAL) return;
      if (stoppingSince !== undefined) process.exit(1);
      stoppingSince = performance.now();
      // A database that hangs must not hang us.
      setTimeout(() => process.exit(1), STOP_LIMIT).unref();
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(`drachtio-silo could not stop cleanly: ${concealed(textOf(error))}`);
          process.exit(1);
        },
      );
    });
}

runCli(process.argv.slice(2), start).catch((error: unknown) => {
  const text =
    error instanceof SiloError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  console.error(`drachtio-silo can't start: ${concealed(text)}`);
  process.exit(1);
});
