#!/usr/bin/env node
/**
 * drachtio-silo as an application: the middlewares with a registrar around them.
 * Composition only: config -> store -> silo + mwi + registrar -> srf -> signals. Other commands are in lib/cli/.
 */
import registrationParser from 'drachtio-mw-registration-parser';
import Srf from 'drachtio-srf';
import { runCli } from './lib/cli/cli.ts';
import { mwiOptionsOf } from './lib/config/mwi.ts';
import { readConfig, type Config } from './lib/config/config.ts';
import { startFrontEnd, type FrontEnd } from './lib/embedded/front-end.ts';
import { SiloError, textOf } from './lib/base/errors.ts';
import { onLog } from './lib/base/log.ts';
import { createMwi } from './lib/mwi/mwi.ts';
import { createNode } from './lib/node/node.ts';
import { createRegistrar } from './lib/registrar/registrar.ts';
import { connectSrf, disconnectSrf } from './lib/sip/drachtio/connect.ts';
import { createPort } from './lib/sip/drachtio/port.ts';
import { guardedRegistrationParser } from './lib/sip/drachtio/registration-parser.ts';
import { answerOptions, createGate, refuse, unserved } from './lib/sip/drachtio/middlewares.ts';
import { createSilo } from './lib/silo/silo.ts';
import { openStore } from './lib/stores/open.ts';

/** A stop is over after this, whatever hangs, in ms. */
const STOP_LIMIT = 9_500;
/** Signals this close together are one, in ms. */
const ONE_SIGNAL = 500;
const now = () => Math.floor(Date.now() / 1000);

async function start(): Promise<void> {
  const config = readConfig(process.env);
  const store = await openStore(config.store, { now });
  const front = config.drachtioHost === '' ? await startEmbedded(config) : undefined;

  const srf = new Srf();
  const port = createPort(srf);
  const gate = createGate(port);
  const registrar = createRegistrar({ port, store, now }, config);
  const node = createNode({ store, port }, config);
  const silo = createSilo({ srf, port, store, node, now, bindings: registrar }, config);

  const mwi = createMwi({ srf, port, store, node, now }, mwiOptionsOf(config));
  silo.events.on('stored', ({ box }) => mwi.changed(box));
  silo.events.on('ended', ({ box }) => mwi.changed(box));

  srf.use(gate.middleware);
  srf.use('register', guardedRegistrationParser(registrationParser));
  srf.use('register', silo.onRegister);
  srf.use('register', mwi.onRegister);
  srf.use('register', registrar.onRegister);
  srf.use('message', silo.onMessage);
  srf.use('message', silo.onLive);
  srf.use('message', unserved(port));
  srf.use('message', silo.onFailure);
  srf.use('message', refuse(port));
  srf.use('subscribe', mwi.onSubscribe);
  srf.use('publish', mwi.onPublish);
  srf.use('options', answerOptions(port));

  const addresses = await connectSrf(srf, {
    host: front?.adminHost ?? config.drachtioHost,
    port: front?.adminPort ?? config.drachtioPort,
    secret: config.drachtioSecret,
  });
  // Before anything is sent or announced: a stop right after the ready line is a graceful one, too.
  onStop(async () => {
    // All at once: one after the other they could take longer than a stop may.
    await Promise.all([gate.close(config.stopGrace), silo.close(), mwi.close()]);
    await port.drained();
    await node.close();
    disconnectSrf(srf);
    await front?.close();
    await store.close();
  });
  await node.start();
  await silo.start();
  await mwi.start();
  announce(addresses, store.name, config, front);
}

async function startEmbedded(config: Config): Promise<FrontEnd> {
  return startFrontEnd({ listen: config.sipListen, secret: config.drachtioSecret });
}

function announce(
  addresses: readonly string[],
  store: string,
  config: Config,
  front: FrontEnd | undefined,
): void {
  console.log(`drachtio-silo ready: ${addresses.join(', ')}; store ${store}`);
  if (!front) return;
  const first = (addresses[0] ?? '').replace(/^\w+\//, '');
  const domain = config.domains[0] ?? first.replace(/:\d+$/, '');
  console.log(`  Register any SIP phone as sip:<name>@${domain} at ${first} (UDP or TCP, any password).`);
  console.log(
    `  Send a MESSAGE to a name that is not registered: it gets 202, waits, and arrives when that name registers.`,
  );
  console.log(
    `  This embedded SIP front end is for first runs, development and tests; for production set DRACHTIO_HOST.`,
  );
}

/** Warnings and errors are for everybody to see; with DEBUG set, `debug` prints them already. */
function showWarnings(): void {
  if (process.env['DEBUG'] !== undefined) return;
  onLog((level, room, message) => console.error(`${new Date().toISOString()} ${level} ${room}: ${message}`));
}

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
          console.error(`drachtio-silo could not stop cleanly: ${textOf(error)}`);
          process.exit(1);
        },
      );
    });
}

showWarnings();
runCli(process.argv.slice(2), start).catch((error: unknown) => {
  const text =
    error instanceof SiloError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  console.error(`drachtio-silo can't start: ${text}`);
  process.exit(1);
});
