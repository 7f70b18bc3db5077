/** Inputs that end a real drachtio-server 0.9.10 before an application sees them: not ours to mend, so left out there. */
import type { Input } from './inputs.ts';

interface KnownFault {
  readonly name: string;
  readonly why: string;
  readonly shows: (text: string) => boolean;
}

const KNOWN_FAULTS: readonly KnownFault[] = [
  {
    name: 'a To tag and an odd Route',
    why: 'Route: <tel:+1;lr>: it dies where it looks for the next hop',
    shows: (text) =>
      /^(?:to|t)[ \t]*:.*;\s*tag/im.test(text) &&
      [...text.matchAll(/^route[ \t]*:(.*)$/gim)].some(
        ([, value = '']) => !/^\s*<sips?:[^<>]*>\s*$/i.test(value),
      ),
  },
];

/** The name of the known fault that an input shows; undefined when it may be sent. */
export function knownFault({ text }: Pick<Input, 'text'>): string | undefined {
  return KNOWN_FAULTS.find(({ shows }) => shows(text))?.name;
}
