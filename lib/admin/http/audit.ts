/**
 * Who has changed or seen what, as lines of the log, none of which is held back for being like another. Addresses stand in no log (docs/operating.md): here as the
 * first twelve digits of their SHA-256, so that whoever has one finds its lines, and nobody else learns it from them.
 */
import { createHash } from 'node:crypto';
import { logger } from '../../base/log.ts';
import { sourceOf, type HttpContext } from './types.ts';

const log = logger('audit', { limited: false });

export function audit(context: HttpContext, what: string, subjects: readonly string[], status: number): void {
  const who = `${context.get('asker')} from ${sourceOf(context) || 'this process'}`;
  const of = subjects.map((subject) => ` #${tagOf(subject)}`).join('');
  log.warn(`${who}: ${what}${of}: ${status}`, { status });
}

export function tagOf(subject: string): string {
  return createHash('sha256').update(subject).digest('hex').slice(0, 12);
}
