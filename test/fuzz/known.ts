/** Inputs that a real drachtio-server 0.9.10 dies of, or does something odd with, before an application sees them: not ours to mend, so left out there. */
import type { Input } from './inputs.ts';

interface KnownFault {
  readonly name: string;
  readonly why: string;
  readonly shows: (input: Pick<Input, 'text' | 'way'>) => boolean;
}

const KNOWN_FAULTS: readonly KnownFault[] = [
  {
    name: 'a To tag and an odd Route',
    why: 'Route: <tel:+1;lr>: it dies where it looks for the next hop',
    shows: ({ text }) =>
      /^(?:to|t)[ \t]*:.*;\s*tag/im.test(text) &&
      [...text.matchAll(/^route[ \t]*:(.*)$/gim)].some(
        ([, value = '']) => !/^\s*<sips?:[^<>]*>\s*$/i.test(value),
      ),
  },
  {
    name: 'an enormous Content-Length over TCP',
    why: 'Content-Length: 2147483647 in a message that is read together with one before it: it writes behind the end of its buffer',
    shows: ({ text, way }) =>
      way === 'tcp' &&
      [...text.matchAll(/^(?:content-length|l)[ \t]*:[ \t]*(\d+)/gim)].some(
        ([, length]) => Number(length) > 2e9,
      ),
  },
  {
    name: 'a stray answer with a second Via',
    why: 'SIP/2.0 99 No: it is sent on along that, as it came',
    shows: ({ text }) =>
      text.startsWith('SIP/') &&
      [...text.matchAll(/^(?:via|v)[ \t]*:(.*)$/gim)].flatMap(([, value = '']) => value.split(',')).length >
        1,
  },
];

/** The name of the known fault that an input shows; undefined when it may be sent. */
export function knownFault(input: Pick<Input, 'text' | 'way'>): string | undefined {
  return KNOWN_FAULTS.find(({ shows }) => shows(input))?.name;
}
