/** Nothing that a mutation makes may leave this machine, or be mistaken for something that broke in. */
import { INJECTED } from './dictionary.ts';

const IPV4 = /\d+\.\d+\.\d+\.\d+/g;
const AT_HOME = /^(?:0*127\.|0+\.0+\.0+\.0+$|255\.255\.255\.255$|224\.)/;
const AT_LINE = new RegExp(`([\\r\\n])${INJECTED}`, 'g');
/** A name behind `@` or `sip:` whose last label is none that is reserved. */
const NAME = /(?<=@|sips?:|\/UDP |\/TCP )((?:[a-z0-9_-]+\.)+)([a-z][a-z0-9-]*)/gi;

export function harmless(text: string): string {
  return (
    text
      .replace(IPV4, (address) => (AT_HOME.test(address) ? address : '127.0.0.9'))
      .replace(NAME, (name, labels: string, last: string) =>
        /^invalid$/i.test(last) ? name : `${labels}invalid`,
      )
      // A line of its own is a header that its sender may send, and a bare CR or LF ends a line for drachtio-server; only what
      // was hidden in a value is a break-in.
      .replace(AT_LINE, '$1Inserted')
  );
}
