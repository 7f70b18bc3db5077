/** What `doctor` says of HTTP: can the address be had, who has it, and could its token be guessed. */
import {
  isOnLoopback,
  parseListen,
  urlOf,
  USUAL_LISTEN,
  type ListenAddress,
} from '../../admin/http/address.ts';
import type { Config } from '../../config/config.ts';
import { notesOf, type Finding, type Notes } from './finding.ts';
import { whyNotTcp } from './port.ts';

/** Whoever has the address answers within this, ms. */
const PATIENCE = 2_000;
/** Of its characters so many differ in a token that was drawn. */
const DIFFERENT = 8;
const WELL_KNOWN = /password|passwort|secret|token|change-?me|example|drachtio|silo|qwerty|0123|1234|abcd/i;

export async function httpFindings({ admin }: Pick<Config, 'admin'>): Promise<readonly Finding[]> {
  const notes = notesOf('HTTP');
  if (admin.listen === 'off') {
    notes.ok('address', 'off: nobody listens');
    return notes.list;
  }
  const wanted = admin.listen === '' ? USUAL_LISTEN : admin.listen;
  const address = parseListen(wanted);
  // The options were checked before.
  if (!address) return notes.list;
  if (admin.token !== '') token(admin.token, isOnLoopback(address), notes);
  if (address.port !== 0) await place(address, { wanted, isChosen: admin.listen !== '' }, notes);
  return notes.list;
}

/** It is not repeated. */
function token(given: string, isLocal: boolean, notes: Notes): void {
  const different = new Set(given).size;
  const why = WELL_KNOWN.test(given)
    ? 'has words or rows that are tried first'
    : different < DIFFERENT
      ? `has no more than ${different} different characters`
      : '';
  if (why === '') notes.ok('token', 'SILO_HTTP_TOKEN is nothing that is tried first');
  else
    notes[isLocal ? 'warn' : 'fail'](
      'token',
      `SILO_HTTP_TOKEN ${why}: it can be guessed${isLocal ? '' : ', and strangers can reach SILO_HTTP_LISTEN'}`,
      'Let it be drawn: openssl rand -hex 24. Who guesses it reads, sends and erases what there is.',
    );
}

interface Wanted {
  readonly wanted: string;
  /** By the operator; else another port is taken while this one can't be had. */
  readonly isChosen: boolean;
}

async function place(address: ListenAddress, { wanted, isChosen }: Wanted, notes: Notes): Promise<void> {
  const why = await whyNotTcp(address.host, address.port);
  const other = 'or set SILO_HTTP_LISTEN to an address that is free, or to off.';
  if (why === '') notes.ok('address', `${wanted} is free`);
  else if (!why.includes('EADDRINUSE'))
    notes.fail(
      'address',
      `${wanted}: ${why}`,
      'Set SILO_HTTP_LISTEN to an address of this host with a port above 1023, or to off.',
    );
  else if (await isSilo(address))
    notes.ok('address', `a drachtio-silo answers at ${wanted}: this one, if it runs`);
  else if (isChosen)
    notes.fail(
      'address',
      `another program listens at ${wanted}`,
      `The next start is refused: end that program (ss -lntp), ${other}`,
    );
  else
    notes.warn(
      'address',
      `another program listens at ${wanted}, the usual address`,
      `HTTP will be at any free port, which the ready lines name: end that program (ss -lntp), ${other}`,
    );
}

/** By what probes are told; a stranger there is not told the token. */
async function isSilo(address: ListenAddress): Promise<boolean> {
  try {
    const answer = await fetch(new URL('healthz', urlOf(address)), { signal: AbortSignal.timeout(PATIENCE) });
    const said: unknown = await answer.json();
    return typeof said === 'object' && said !== null && 'status' in said && said.status === 'ok';
  } catch {
    return false;
  }
}
