/** Reads what a program wants sent: every check that a phone's own software has made. What the silo checks, it checks as by SIP. */
import { z } from 'zod';
import { checkArgument } from '../../options/argument.ts';
import { hasControl, parseContentType, parseNameAddr } from '../../sip/read/headers.ts';
import { parseUri } from '../../sip/read/uri.ts';
import { asUri } from '../receive/message-of-request.ts';
import { mayBeAdded } from '../state/header-names.ts';
import type { Submission } from './submission.ts';

/** A person, as From and To have one. */
export interface Address {
  /** '' without one. */
  readonly display: string;
  readonly uri: string;
}

/** An AoR, a URI, or one of both with a name; undefined for what is none. */
function addressOf(text: string): Address | undefined {
  const named = text.includes('<') ? parseNameAddr(text) : undefined;
  if (text.includes('<') && (named === undefined || named.params.size > 0)) return undefined;
  const uri = named?.uri ?? asUri(text.trim());
  const display = named?.display ?? '';
  // What im: and pres: stand for is a user of SIP (RFC 3861).
  const user = parseUri(uri.replace(/^(?:im|pres):/i, 'sip:'))?.user;
  return user === undefined || hasControl(display) ? undefined : { display, uri };
}

const ADDRESS =
  'wanted is an address such as bob@example.org, sip:bob@example.org or "Bob" <sip:bob@example.org>';

const address = z.string(ADDRESS).transform((text, context): Address => {
  const read = addressOf(text);
  if (read !== undefined) return read;
  context.addIssue({ code: 'custom', message: ADDRESS });
  return z.NEVER;
});

const BODY = 'wanted is text, or bytes (a Buffer or Uint8Array) that are text in UTF-8';
const SEND_AT = 'wanted is a time such as 2030-01-31T09:00:00Z, a Date, or epoch seconds';
const HEADERS = 'wanted is an object such as { Subject: "Lunch" }';
const KEY = 'wanted is a text of 1 to 255 characters that no other message has, such as a UUID';

const submissionSchema = z.strictObject({
  from: address,
  to: address,
  contentType: z
    .string('wanted is type/subtype, such as text/plain')
    .refine((type) => parseContentType(type) !== undefined && !hasControl(type), {
      error: 'wanted is type/subtype, such as text/plain',
    })
    .optional(),
  body: z
    .union([z.instanceof(Uint8Array, { error: BODY }), z.string(BODY)], BODY)
    .transform((body) => (typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body)))
    .optional()
    .meta({ secret: true }),
  expires: z
    .int('wanted is a whole number of seconds, 0 for now or never')
    .min(0, 'wanted is a whole number of seconds, 0 for now or never')
    .optional(),
  sendAt: z.union([z.date(SEND_AT), z.number(SEND_AT), z.string(SEND_AT)], SEND_AT).optional(),
  headers: z
    .record(
      z.string(HEADERS).refine(mayBeAdded, 'wanted is the name of a header that is not written anyway'),
      z
        .string('wanted is a text')
        .refine((value) => !hasControl(value), 'wanted is a value without control characters')
        .transform((value) => value.trim()),
      HEADERS,
    )
    .optional(),
  idempotencyKey: z.string(KEY).min(1, KEY).max(255, KEY).optional(),
});

export type ReadSubmission = z.output<typeof submissionSchema>;

/** @throws SiloError `SILO_USAGE` (400) */
export function readSubmission(given: Submission): ReadSubmission {
  return checkArgument('silo.submit', submissionSchema, given);
}
