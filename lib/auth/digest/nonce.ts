/**
 * Nonces that every node of one database knows for its own, and that nobody else can make: nothing needs to be remembered
 * until one was answered by somebody who knew the password.
 *
 * ```text
 * key (4) | time (4) | node (4) | random (9) | source (8) | HMAC-SHA-256 of all that, cut (16)    in base64url
 * ```
 *
 * `source` is a hash of the address that it was sent to: an answer shows that somebody is there who hears us.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What the nodes share. */
export interface NonceKey {
  readonly id: number;
  readonly secret: Buffer;
  /** Epoch seconds. */
  readonly made: number;
}

/** What a nonce of ours says. */
export interface Nonce {
  readonly keyId: number;
  /** When it was made, epoch seconds. */
  readonly time: number;
  /** Of the run of the node that made it. */
  readonly node: number;
}

const BODY = 29;
const MAC = 16;
/** All bits of its characters mean something: each nonce has one spelling. */
const PATTERN = new RegExp(`^[A-Za-z0-9_-]{${((BODY + MAC) / 3) * 4}}$`);
const SOURCE_AT = 21;

export function makeNonce(
  key: NonceKey,
  { time, node, source }: { time: number; node: number; source: string },
): string {
  const body = Buffer.alloc(BODY);
  body.writeUInt32BE(key.id >>> 0, 0);
  body.writeUInt32BE(time >>> 0, 4);
  body.writeUInt32BE(node >>> 0, 8);
  randomBytes(SOURCE_AT - 12).copy(body, 12);
  sourceHash(key, source).copy(body, SOURCE_AT);
  return Buffer.concat([body, macOf(key, body)]).toString('base64url');
}

/** What it says, whoever wrote it; undefined when it has not the form of ours. */
export function readNonce(text: string): Nonce | undefined {
  if (!PATTERN.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return { keyId: bytes.readUInt32BE(0), time: bytes.readUInt32BE(4), node: bytes.readUInt32BE(8) };
}

/** Was it made with this key? */
export function isGenuine(text: string, key: NonceKey): boolean {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== BODY + MAC) return false;
  return timingSafeEqual(bytes.subarray(BODY), macOf(key, bytes.subarray(0, BODY)));
}

/** Was it sent to this address? */
export function isFor(text: string, key: NonceKey, source: string): boolean {
  const bytes = Buffer.from(text, 'base64url');
  return timingSafeEqual(bytes.subarray(SOURCE_AT, BODY), sourceHash(key, source));
}

function macOf({ secret }: NonceKey, body: Buffer): Buffer {
  return createHmac('sha256', secret).update('nonce').update(body).digest().subarray(0, MAC);
}

function sourceHash({ secret }: NonceKey, source: string): Buffer {
  return createHmac('sha256', secret)
    .update('source')
    .update(source)
    .digest()
    .subarray(0, BODY - SOURCE_AT);
}
