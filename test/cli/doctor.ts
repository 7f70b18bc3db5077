/** What `drachtio-silo doctor` finds on a machine that is set as a test sets it. */
import { expect } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { siloJson } from './command.ts';

interface Finding {
  readonly status: string;
  readonly where: string;
  readonly what: string;
  readonly found: string;
  readonly advice: string;
}
type Environment = Readonly<Record<string, string>>;

/** A machine on which nothing is wrong but what the environment says. */
export async function examined(env: Environment): Promise<{ code: number | null; bad: readonly Finding[] }> {
  const { code, answer } = await siloJson(['doctor'], {
    SILO_STORE: 'sqlite::memory:',
    SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}`,
    SILO_HTTP_LISTEN: 'off',
    ...env,
  });
  const { findings } = answer as { findings: readonly Finding[] };
  // For a program that tests it, the store in memory is the only thing that is always odd.
  const bad = findings.filter(({ status, found }) => status !== 'ok' && !found.startsWith('it is in memory'));
  return { code, bad };
}

/** It names the fault, and nothing else is wrong. */
export async function expectFault(
  env: Environment,
  wanted: Partial<Record<keyof Finding, unknown>>,
): Promise<void> {
  const { code, bad } = await examined(env);
  expect(bad, JSON.stringify(bad)).toHaveLength(1);
  expect(bad[0]).toMatchObject(wanted);
  expect(bad[0]?.advice).not.toBe('');
  expect(code).toBe(wanted.status === 'fail' ? 2 : 0);
}
export const saying = (text: string): unknown => expect.stringContaining(text);
