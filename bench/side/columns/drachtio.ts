/** A drachtio-server on free ports of loopback. */
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../../test/support/free-port.ts';
import { startProcess } from '../../../test/support/process.ts';
import type { Address } from '../../../test/support/sip/message.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { until } from '../../../test/support/until.ts';
import type { Site } from '../model.ts';

export const SECRET = 'cymru';

export interface RunningDrachtio {
  readonly pid: number;
  readonly sip: Address;
  readonly adminPort: number;
  stop(): Promise<void>;
}

export function drachtioMissing({ drachtio }: Site): string | undefined {
  if (drachtio !== undefined && existsSync(drachtio)) return undefined;
  const named = drachtio === undefined ? '' : ` (there is no ${drachtio})`;
  return `drachtio-server is missing${named}; build it and name its program with DRACHTIO_BIN`;
}

export async function startDrachtio({ drachtio = 'drachtio' }: Site): Promise<RunningDrachtio> {
  const folder = temporaryFolder('silo-drachtio');
  const [sip, admin] = [await freePort(), await freePort()];
  const file = join(folder.path, 'drachtio.conf.xml');
  writeFileSync(file, configuration(sip, admin));
  const running = await startProcess(drachtio, ['-f', file]);
  const stop = async () => {
    await running.stop();
    folder.remove();
  };
  try {
    for (const port of [sip, admin]) await until(() => listens(port));
  } catch (cause) {
    await stop();
    throw new Error(
      `drachtio-server did not start: ${running.stdout.slice(-1000)}${running.stderr.slice(-1000)}`,
      {
        cause,
      },
    );
  }
  return { pid: running.pid, sip: { host: '127.0.0.1', port: sip }, adminPort: admin, stop };
}

async function listens(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
}

function configuration(sip: number, admin: number): string {
  return `<drachtio>
  <admin port="${admin}" secret="${SECRET}">127.0.0.1</admin>
  <sip>
    <contacts>
      <contact>sip:127.0.0.1:${sip};transport=udp,tcp</contact>
    </contacts>
  </sip>
  <cdrs>false</cdrs>
  <logging>
    <console/>
    <sofia-loglevel>0</sofia-loglevel>
    <loglevel>error</loglevel>
  </logging>
</drachtio>
`;
}
