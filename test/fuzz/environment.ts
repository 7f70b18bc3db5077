/** A start with an environment: a configuration, or a sentence without a secret in it. */
import { readConfig } from '../../lib/config/config.ts';
import { SiloError } from '../../lib/base/errors.ts';
import type { Input } from './inputs.ts';
import { SECRET } from './mutate/environments.ts';
import type { Failure } from './target/failure.ts';

export function checkEnvironment(input: Input): Failure | undefined {
  const suspects = [input];
  try {
    readConfig(JSON.parse(input.text) as Record<string, string>);
  } catch (error) {
    if (!(error instanceof SiloError) || error.code !== 'SILO_CONFIG')
      return {
        kind: 'a bad error',
        seen: error instanceof Error ? (error.stack ?? '') : String(error),
        suspects,
      };
    if (error.message.includes(SECRET)) return { kind: 'a secret was told', seen: error.message, suspects };
  }
  return undefined;
}
