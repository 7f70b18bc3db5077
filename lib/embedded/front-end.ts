/**
 * The embedded SIP front end: it takes a drachtio-server's place towards an app for development and tests.
 * UDP and TCP, the non-INVITE methods, drachtio's wire protocol. It is no server for production.
 *
 * @module
 */
import { traceOf } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import { checkOptions } from '../options/check.ts';
import { readAddress, readAddresses, type Address } from './text/address.ts';
import { AdminPort } from './admin.ts';
import { ClientTransactions } from './client-transaction.ts';
import type { Core } from './core.ts';
import { Dialogs } from './dialogs.ts';
import { Endpoints, type EndpointSettings } from './network/endpoints.ts';
import { newFaults, type Faults } from './network/faults.ts';
import { frontEndOptions, type FrontEndOptions } from './options.ts';
import { receive } from './inbound.ts';
import { LoopbackPorts } from './network/loopback.ts';
import { ServerTransactions } from './pending.ts';
import { RegisteredConnections } from './network/registered.ts';
import { ownReply } from './reply.ts';
import { Routes } from './routes.ts';
import { DEFAULT_TIMERS } from './network/timers.ts';

export type { FrontEndOptions };

export interface FrontEnd {
  readonly addresses: readonly {
    readonly protocol: 'udp' | 'tcp';
    readonly host: string;
    readonly port: number;
  }[];
  readonly adminHost: string;
  readonly adminPort: number;
  /** The switches: change them at any time. */
  readonly faults: Faults;
  /**
   * Loses every transaction, dialog, cache entry and connection, then serves again on the same ports: what a
   * restart of drachtio-server looks like.
   */
  restart(): Promise<void>;
  /** Cuts every app connection, keeps the SIP state. */
  dropApps(): void;
  close(): Promise<void>;
}

const log = logger('embedded');

/**
 * Starts a front end.
 *
 * @example
 * const frontEnd = await startFrontEnd({ listen: '127.0.0.1:0' });
 * srf.connect({ host: frontEnd.adminHost, port: frontEnd.adminPort, secret: 'cymru' });
 * @throws SiloError `SILO_CONFIG` for an option that is none or can't be used.
 */
export async function startFrontEnd(options: FrontEndOptions = {}): Promise<FrontEnd> {
  const { listen, admin, secret, limits, ...differing } = checkOptions(frontEndOptions, options);
  const faults = newFaults(differing.faults);
  const timers = { ...DEFAULT_TIMERS, ...differing.timers };
  const wanted = readAddresses(listen, 'the SIP address');
  const adminWanted = readAddress(admin, 'the admin address');

  const settings = { faults, timers, limits };
  let core = await openCore(wanted, settings);
  const { bound } = core.endpoints;
  let port: AdminPort;
  try {
    port = await AdminPort.open(adminWanted, secret, () => core);
  } catch (error) {
    await closeCore(core);
    throw error;
  }
  const adminAddress = { host: adminWanted.host, port: port.port };
  log.debug(`SIP on ${bound.map(({ host, port: number }) => `${host}:${number}`).join(', ')}`);

  return {
    addresses: bound.flatMap((address) => [
      { protocol: 'udp' as const, ...address },
      { protocol: 'tcp' as const, ...address },
    ]),
    adminHost: adminAddress.host,
    adminPort: adminAddress.port,
    faults,
    async restart() {
      await port.close();
      await closeCore(core);
      core = await openCore(bound, settings);
      port = await AdminPort.open(adminAddress, secret, () => core);
    },
    dropApps: () => port.drop(),
    async close() {
      await port.close();
      await closeCore(core);
    },
  };
}

async function openCore(
  addresses: readonly Address[],
  settings: Omit<EndpointSettings, 'receive'>,
): Promise<Core> {
  const { faults, timers } = settings;
  const servers = new ServerTransactions(timers);
  const dialogs = new Dialogs(timers.dialog, (dialog) => {
    // What no app has answered when its dialog ends is answered for it.
    for (const request of servers.within(dialog)) servers.finish(request, ownReply(request, 500));
  });
  // The sockets may speak before the rest stands: until then nobody listens to them.
  const ready: { core?: Core } = {};
  const endpoints = await Endpoints.open(addresses, {
    ...settings,
    receive: (flow, received) => {
      // A stranger wrote these bytes: whatever they set off ends here, and the next message is served.
      try {
        if (ready.core) receive(ready.core, flow, received);
      } catch (error) {
        log.error(`a message from ${flow.remote.host} could not be served: ${traceOf(error)}`);
      }
    },
  });
  ready.core = {
    timers,
    faults,
    endpoints,
    servers,
    dialogs,
    routes: new Routes(),
    clients: new ClientTransactions(timers),
    registered: new RegisteredConnections(),
    loopback: new LoopbackPorts(),
  };
  return ready.core;
}

async function closeCore(core: Core): Promise<void> {
  core.clients.clear();
  core.servers.clear();
  core.dialogs.clear();
  core.registered.clear();
  core.routes.clear();
  await core.endpoints.close();
}
