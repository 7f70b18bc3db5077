/** What `doctor` says of this host: Node, limits, ports. */
import { readFileSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { notesOf, type Finding, type Notes } from './finding.ts';
import { whyNotTcp, whyNotUdp } from './port.ts';

/** A connection is a file, and so is each phone over TCP. */
const FILES_WARN = 4_096;
const FILES_FAIL = 512;

export async function hostFindings({ drachtio, frontEnd }: Config): Promise<readonly Finding[]> {
  const notes = notesOf('this host');
  node(process.versions.node, notes);
  openFiles(notes);
  if (drachtio.host === '')
    for (const address of frontEnd.listen.split(',')) await port(address.trim(), notes);
  return notes.list;
}

/** The oldest that is tested. */
function node(version: string, notes: Notes): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) notes.ok('Node', version);
  else notes.fail('Node', version, 'Wanted is Node 20.19 or newer.');
}

/** Where the system says it: on Linux. */
function openFiles(notes: Notes): void {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return;
  }
  const soft = /^Max open files +(\w+)/m.exec(limits)?.[1] ?? 'unlimited';
  const files = soft === 'unlimited' ? Infinity : Number(soft);
  const advice = 'Raise it: LimitNOFILE=65536 in the unit of systemd, or ulimit -n 65536.';
  if (files < FILES_FAIL) notes.fail('open files', `at most ${soft}`, advice);
  else if (files < FILES_WARN) notes.warn('open files', `at most ${soft}`, advice);
  else notes.ok('open files', `at most ${soft}`);
}

async function port(address: string, notes: Notes): Promise<void> {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const number = Number(/:(\d+)$/.exec(address)?.[1] ?? 5060);
  if (number === 0) return;
  const taken = (await Promise.all([whyNotTcp(host, number), whyNotUdp(host, number)])).filter(
    (why) => why !== '',
  );
  if (taken.length === 0) notes.ok('port', `${address} is free, UDP and TCP`);
  else if (taken.every((why) => why.includes('EADDRINUSE')))
    notes.warn(
      'port',
      `${address} is taken (${taken.join('; ')})`,
      'By the application itself, if it runs; else end what has it (ss -lnp), or set SILO_SIP_LISTEN.',
    );
  else
    notes.fail('port', `${address}: ${taken.join('; ')}`, 'Set SILO_SIP_LISTEN to an address of this host.');
}
