/**
 * Whose connection is it? drachtio-server sends what goes to the user and host of a Contact over the connection that has registered
 * that Contact last, whatever next hop is named, and looks at nothing else. So whoever registers, as himself, the Contact of somebody
 * else over TCP would get the other's messages and lamps. It can't be told otherwise; but what it remembers can be known here, and
 * nothing is sent to a device whose name is another's connection meanwhile.
 */
import { BoundedMap } from '../../base/bounded-map.ts';
import { deltaSeconds, expiresOf, header, parseNameAddr, splitList } from '../read/headers.ts';
import { isInDialog } from '../read/dialog.ts';
import { sourceOf, type Source } from '../read/source.ts';
import { aorIn } from '../read/recipient.ts';
import { parseUri } from '../read/uri.ts';
import { unreachedAnswer } from './local-answer.ts';
import type { Owner, Send, SipRequest, SipResponse } from './messages.ts';

/** As many as the embedded front end remembers. */
const MOST = 100_000;
/** Seconds that a registration without Expires may last. */
const USUAL_LIFE = 3_600;

const TAKEN = 'the Contact of this device is registered by somebody else over another connection';

interface Connected extends Pick<Source, 'address' | 'port'> {
  /** '' for a SUBSCRIBE: its From proves nothing. */
  readonly aor: string;
  /** ms */
  readonly until: number;
}

export class Connections {
  readonly #byName = new BoundedMap<string, Connected>(MOST, 'connections');
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Sees a request that drachtio-server may remember the connection of, once it has its 2xx. */
  watch(req: SipRequest, res: SipResponse): void {
    const remembered = req.method === 'REGISTER' || (req.method === 'SUBSCRIBE' && isInDialog(req));
    if (!remembered || /^udp$/i.test(req.protocol)) return;
    res.once('end', ({ status }) => {
      if (status >= 200 && status < 300) this.#note(req);
    });
  }

  /** Whose connections they were is not known any more; that they are somebody's is, for as long as drachtio-server remembers them. */
  forget(aor: string): void {
    const all = [...this.#byName].filter(([, found]) => found.aor === aor);
    for (const [name, found] of all)
      if (found.until < this.#now()) this.#byName.delete(name);
      else this.#byName.set(name, { ...found, aor: '' });
  }

  /** Would what is sent to this device go over a connection of somebody else? */
  isAnothers({ aors, contact, source }: Owner): boolean {
    const found = this.#byName.get(nameOf(contact) ?? '');
    if (found === undefined || aors.includes(found.aor) || found.until < this.#now()) return false;
    return found.address !== source.address || found.port !== source.port;
  }

  #note(req: SipRequest): void {
    const contact = parseNameAddr(splitList(header(req, 'Contact') ?? '')[0] ?? '');
    const name = nameOf(contact?.uri ?? '');
    if (name === undefined) return;
    const asked = deltaSeconds(contact?.params.get('expires') ?? '') ?? expiresOf(req);
    const life = typeof asked === 'number' ? asked : USUAL_LIFE;
    const { address, port } = sourceOf(req);
    const known = this.#byName.get(name);
    this.#byName.delete(name);
    if (life === 0) return;
    const same = known?.address === address && known.port === port;
    const aor = aorIn(req, 'To') ?? '';
    const whose = req.method === 'REGISTER' ? aor : same ? known.aor : '';
    this.#byName.set(name, { aor: whose, address, port, until: this.#now() + life * 1_000 });
  }
}

/** As drachtio-server compares: no port, no parameters. */
function nameOf(contact: string): string | undefined {
  const uri = parseUri(contact);
  return uri && `${uri.user ?? ''}@${uri.host}`;
}

/** `send`, but for what would go to somebody else than its owner. */
export function sendToOwner(send: Send, connections: Connections): Send {
  return (request, timeout) =>
    request.owner !== undefined && connections.isAnothers(request.owner)
      ? Promise.resolve(unreachedAnswer(TAKEN))
      : send(request, timeout);
}
