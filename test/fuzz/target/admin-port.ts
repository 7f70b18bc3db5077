/** On which port the embedded front end of a running application listens for applications: it does not say, Linux does. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The TCP ports on 127.0.0.1 that a process listens on; none where the system does not tell. */
export function listeningPorts(pid: number): readonly number[] {
  try {
    const inodes = new Set(socketsOf(pid));
    return readFileSync(`/proc/${pid}/net/tcp`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local = '', , state, , , , , , inode = '']) => {
        return local.startsWith('0100007F:') && state === '0A' && inodes.has(inode);
      })
      .map(([, local = '']) => Number.parseInt(local.slice(9), 16));
  } catch {
    return [];
  }
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${name}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}
