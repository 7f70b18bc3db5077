/**
 * Who has changed or seen what, as lines of the log, none of which is held back for being like another. Addresses stand in no
 * log: here as what `tagOf` makes of them.
 */
import { logger } from '../../base/log.ts';
import { tagOf } from '../../base/sha256.ts';
import { sourceOf, type HttpContext } from './types.ts';

const log = logger('audit', { limited: false });

export function audit(context: HttpContext, what: string, subjects: readonly string[], status: number): void {
  const who = `${context.get('asker')} from ${sourceOf(context) || 'this process'}`;
  const of = subjects.map((subject) => ` #${tagOf(subject)}`).join('');
  log.warn(`${who}: ${what}${of}: ${status}`, { status });
}
