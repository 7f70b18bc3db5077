/** SHA-256 in one call: a hash object for each of some short texts costs more than the hashing (1.04 against 0.4 us). */
import { hash } from 'node:crypto';

/** In hexadecimal, 64 digits. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/**
 * What stands for an address where addresses must not stand (docs/operating.md): whoever has it finds its lines, and nobody else learns it
 * from them. The first twelve digits of its SHA-256.
 */
export function tagOf(subject: string): string {
  return sha256(subject).slice(0, 12);
}
