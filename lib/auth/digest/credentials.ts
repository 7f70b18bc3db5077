/** Reading Authorization (RFC 3261 22.4 and 25.1, RFC 7616 3.4). One pass, no backtracking. */
import { SiloError } from '../../base/errors.ts';
import { TOKEN } from '../../sip/read/grammar.ts';
import { algorithmOf, type Algorithm } from './algorithms.ts';
import { readNonce, type Nonce } from './nonce.ts';

/** What a client has answered to a challenge; texts without their quotes. */
export interface Credentials {
  readonly algorithm: Algorithm;
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  /** What the nonce says. */
  readonly said: Nonce;
  readonly uri: string;
  readonly response: string;
  /** Eight hex digits. */
  readonly nc: string;
  readonly cnonce: string;
}

/** More than any client sends; beyond it nobody reads. */
const LONGEST = 4_096;
const SCHEME = new RegExp(`[ \\t,]*(${TOKEN})[ \\t]+(?=${TOKEN}[ \\t]*=)`, 'y');
const PARAM = new RegExp(
  `[ \\t,]*(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s",]*))[ \\t]*(?=,|$)`,
  'y',
);

type Params = ReadonlyMap<string, string>;

/**
 * The credentials for a realm; undefined when there are none. Headers that were repeated come joined with commas, so several
 * credentials may stand in one value: those for other servers on the way are not our affair. `foreign`: they answer no challenge
 * of ours, so nothing in them needs to be as we want it. A phone that has moved here answers what its old server asked, without a
 * qop perhaps, and others begin with empty ones (3GPP TS 24.229 5.1.1.2): both go on as soon as they are asked.
 * @throws SiloError 400 when they are ours and can't be read, or are of a kind that was never offered
 */
export function credentialsFor(
  realm: string,
  value: string | undefined,
): Credentials | 'foreign' | undefined {
  if (value === undefined) return undefined;
  if (value.length > LONGEST) throw bad(`it has ${value.length} characters, at most ${LONGEST} are read`);
  const ours = divide(value).find((params) => params.get('realm') === realm);
  if (!ours) return undefined;
  const said = readNonce(ours.get('nonce') ?? '');
  return said ? read(ours, said) : 'foreign';
}

/** What a sticky pattern finds at a place. */
function from(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const unescaped = (quoted: string) => (quoted.includes('\\') ? quoted.replace(/\\(.)/gsu, '$1') : quoted);

/** The parameters of each Digest credentials; names in lower case. */
function divide(value: string): readonly Params[] {
  const all: Params[] = [];
  let at = 0;
  let current: Map<string, string> | undefined;
  while (at < value.length) {
    let param = current && from(PARAM, value, at);
    if (!param) {
      const scheme = from(SCHEME, value, at);
      if (scheme) {
        current = new Map();
        if (scheme[1]?.toLowerCase() === 'digest') all.push(current);
        at = SCHEME.lastIndex;
        param = from(PARAM, value, at);
      }
    }
    if (!param || !current) {
      // Of another scheme, such as a bare token, or what ends a list.
      if (all.length === 0 || /^[\s,]*$/.test(value.slice(at))) return all;
      throw bad('it is no list of parameters');
    }
    const [, name = '', quoted, token = ''] = param;
    const key = name.toLowerCase();
    // Two values for one name: somebody before us may have looked at the other one.
    if (current.has(key)) throw bad(`${key} stands in it twice`);
    current.set(key, quoted === undefined ? token : unescaped(quoted));
    at = PARAM.lastIndex;
  }
  return all;
}

function read(params: Params, said: Nonce): Credentials {
  const of = (name: string) => params.get(name) ?? '';
  const algorithm = algorithmOf(of('algorithm'));
  if (!algorithm)
    throw bad(
      `the algorithm ${of('algorithm')} was not offered; wanted is that of a challenge: SHA-256 or MD5`,
    );
  if (of('userhash').toLowerCase() === 'true') throw bad('userhash was not offered');
  if (of('qop').toLowerCase() !== 'auth') throw bad('wanted is qop=auth, as the challenge says');
  for (const name of ['username', 'uri', 'response', 'cnonce'])
    if (of(name) === '') throw bad(`${name} is missing`);
  if (!/^[0-9a-f]{8}$/i.test(of('nc'))) throw bad('nc is wanted with eight hex digits');
  return {
    algorithm,
    username: of('username'),
    realm: of('realm'),
    nonce: of('nonce'),
    said,
    uri: of('uri'),
    response: of('response').toLowerCase(),
    nc: of('nc'),
    cnonce: of('cnonce'),
  };
}

function bad(why: string): SiloError {
  return new SiloError('SILO_REFUSED', `Authorization can't be used: ${why}.`, { status: 400 });
}
