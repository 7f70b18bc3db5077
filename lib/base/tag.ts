/** What stands for an address where addresses must not stand (docs/operating.md): whoever has it finds its lines, and nobody else learns it from them. */
import { createHash } from 'node:crypto';

/** The first twelve digits of its SHA-256. */
export function tagOf(subject: string): string {
  return createHash('sha256').update(subject).digest('hex').slice(0, 12);
}
