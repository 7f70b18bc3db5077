/**
 * Bodies at rest: AES-256-GCM over the kept headers and the body of a message, for whoever gets hold of the database, a backup or a disk.
 *
 *   IV (12 bytes) │ encrypted: length of the headers (4 bytes) │ headers │ body │ tag (16 bytes)
 *
 * The rest of the row stays readable, since it is searched, and is authenticated together with it: a body that is put into another
 * row can't be opened there.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { NewMessage } from '../contract/message.ts';

const [IV_BYTES, LENGTH_BYTES, TAG_BYTES, KEY_BYTES] = [12, 4, 16, 32];
/** How much longer an encrypted body is than headers and body together. */
export const SEAL_BYTES = IV_BYTES + LENGTH_BYTES + TAG_BYTES;

const PROOF = 'drachtio-silo body key 1';
const ID = /^[\w.-]{1,32}$/;

/** A key as it is written: `id:base64`. */
interface BodyKey {
  readonly id: string;
  readonly key: Buffer;
}

/** What is wrong with a list of keys; undefined: nothing. */
export function whyNoKeys(text: string): string | undefined {
  const entries = entriesOf(text);
  const ids = entries.map(([id]) => id);
  if (new Set(ids).size < ids.length) return 'wanted are keys with an id of its own each';
  return entries.every(([id, key]) => ID.test(id) && isKey(key))
    ? undefined
    : 'wanted are keys as <id>:<base64 of 32 bytes>, with commas or line ends between, the one that encrypts first';
}

function entriesOf(text: string): readonly (readonly [id: string, key: string])[] {
  return text
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .map((entry) => {
      const colon = entry.indexOf(':');
      return [entry.slice(0, Math.max(colon, 0)), entry.slice(colon + 1)];
    });
}

/** Node reads any text as base64, and leaves out what is none. */
function isKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KEY_BYTES && bytes.toString('base64') === text;
}

export class BodyKeys {
  readonly #keys: ReadonlyMap<string, BodyKey>;
  readonly #first: BodyKey;

  private constructor(first: BodyKey, keys: readonly BodyKey[]) {
    this.#first = first;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
  }

  /** @param text without faults, as {@link whyNoKeys} says; undefined for none at all */
  static of(text: string): BodyKeys | undefined {
    const keys = entriesOf(text).map(([id, key]) => ({ id, key: Buffer.from(key, 'base64') }));
    const [first] = keys;
    return first && new BodyKeys(first, keys);
  }

  /** Of the one that encrypts. */
  get first(): string {
    return this.#first.id;
  }

  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /** The message as it is stored. */
  seal(message: NewMessage): NewMessage {
    const { id, key } = this.#first;
    const sealed = { ...message, seal: id };
    const headers = Buffer.from(message.headers);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(headers.length);
    return {
      ...sealed,
      headers: '',
      body: encrypt(key, rowOf(sealed), Buffer.concat([length, headers, message.body])),
    };
  }

  /** The message as it was accepted; as it is stored where it was not encrypted, or can't be read with these keys. */
  open<Sealed extends NewMessage>(message: Sealed): Sealed {
    const key = this.#keys.get(message.seal ?? '')?.key;
    const text = key && decrypt(key, rowOf(message), message.body);
    if (!text) return message;
    const end = LENGTH_BYTES + text.readUInt32BE();
    return {
      ...message,
      seal: undefined,
      headers: text.toString('utf8', LENGTH_BYTES, end),
      body: text.subarray(end),
    };
  }

  /** What can be read with the first key only, and holds nothing. */
  proof(): string {
    return encrypt(this.#first.key, PROOF, Buffer.alloc(0)).toString('base64');
  }

  /** Is it the proof of the key with this id? */
  proves(id: string, proof: string): boolean {
    const key = this.#keys.get(id)?.key;
    return key !== undefined && decrypt(key, PROOF, Buffer.from(proof, 'base64')) !== undefined;
  }
}

/** What of a row is never changed. */
function rowOf(message: NewMessage): string {
  const { key, box, srcAddr, srcName, dstAddr, dstName, contentType, callId, incTime, kind } = message;
  return JSON.stringify([
    ...['drachtio-silo body 1', message.seal, key, box, srcAddr, srcName, dstAddr, dstName, contentType],
    ...[callId, incTime, kind],
  ]);
}

function encrypt(key: Buffer, bound: string, text: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(bound),
  );
  return Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, bound: string, sealed: Buffer): Buffer | undefined {
  if (sealed.length < IV_BYTES + TAG_BYTES) return undefined;
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(bound))
    .setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, end)), decipher.final()]);
  } catch {
    // Another key, another row, or a byte that was changed.
    return undefined;
  }
}
