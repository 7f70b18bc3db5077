/** The ceiling: a bare drachtio-srf application that keeps nothing (bare-app.ts), on the same front ends as ours. */
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../test/support/free-port.ts';
import { startProcess } from '../../../test/support/process.ts';
import type { Column, Site } from '../model.ts';
import { drachtioMissing, startDrachtio, type RunningDrachtio } from './drachtio.ts';
import { closeAll, type Front } from './ours.ts';
import { profiled } from './profiled.ts';

const APP = fileURLToPath(new URL('bare-app.js', import.meta.url));

export function bare({ id, title, behind }: Front): Column {
  return {
    id,
    title,
    missing: (site) => (behind === 'drachtio' ? drachtioMissing(site) : undefined),
    start: async (site) => {
      const drachtio = behind === 'drachtio' ? await startDrachtio(site) : undefined;
      try {
        return await start(site, id, drachtio);
      } catch (error) {
        await drachtio?.stop();
        throw error;
      }
    },
  };
}

async function start(site: Site, id: string, drachtio: RunningDrachtio | undefined) {
  const server = drachtio?.sip ?? { host: '127.0.0.1', port: await freePort() };
  const app = await startProcess(process.execPath, [...profiled(site, id), APP], {
    env: {
      BARE_ADMIN_PORT: drachtio ? String(drachtio.adminPort) : undefined,
      BARE_SIP_LISTEN: drachtio ? undefined : `${server.host}:${server.port}`,
    },
  });
  await app.line('ready', { timeoutMs: 30_000 });
  return {
    server,
    pids: { app: app.pid, ...(drachtio ? { server: drachtio.pid } : {}) },
    usesMariaDb: false,
    table: undefined,
    stop: () =>
      closeAll([
        () => drachtio?.stop(),
        async () => {
          await app.stop();
        },
      ]),
  };
}
