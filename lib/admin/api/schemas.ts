/** What goes in and out, as the OpenAPI document says it. Times are epoch seconds (UTC). */
import { z } from 'zod';
import { CONTEXT_CLASSES } from '../../mwi/summary/model.ts';

export const seconds = z.int().describe('Epoch seconds (UTC); 0: never, or not yet');
const status = z.int().describe('SIP status; 0: none');

export const limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(500)
  .optional()
  .describe('At most so many; default 50');
export const cursor = z.string().optional().describe('`next` of the page before');
export const next = z.string().optional().describe('The `cursor` of the next page; absent on the last one');
export const bodies = z
  .stringbool()
  .optional()
  .describe('true: with headers and bodies; that somebody has seen them is logged');
export const ids = z.strictObject({ ids: z.array(z.int().min(1)).min(1).max(1_000) });
export const done = z.object({ count: z.int().describe('How many there were') });

/** Bytes that are text, or else base64. */
const body = z.union([z.object({ text: z.string() }), z.object({ base64: z.string() })]);

export function bodyOf(bytes: Uint8Array): z.infer<typeof body> {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}

const stuck = z
  .object({
    reason: z.enum(['no-device', 'unreachable', 'elsewhere', 'back-off', 'refused', 'lease', 'quarantine']),
    text: z.string(),
    until: seconds.optional(),
    status: status.optional(),
    by: z.array(z.string()).readonly().optional(),
    node: z.string().optional(),
  })
  .describe('Why it is not being emptied');

export const box = z.object({
  aor: z.string(),
  waiting: z.int(),
  oldest: seconds,
  stuck: stuck.optional(),
});

export const message = z.object({
  id: z.int(),
  key: z.string().describe('What tells it apart for ever'),
  aor: z.string(),
  kind: z.enum(['message', 'receipt']),
  from: z.string(),
  to: z.string(),
  callId: z.string(),
  contentType: z.string(),
  size: z.int(),
  accepted: seconds,
  expires: seconds,
  sendAt: seconds,
  nextAttempt: seconds,
  attempts: z.int(),
  lastStatus: status,
  refusedBy: z.array(z.string()).readonly(),
  takenBy: z.array(z.string()).readonly(),
  sealed: z.boolean().describe('Encrypted with a key that this process does not have'),
  headers: z.string().optional(),
  body: body.optional(),
});

export const way = z.object({
  key: z.string(),
  aor: z.string(),
  id: z.int().optional(),
  state: z.enum(['waiting', 'delivered', 'expired', 'dead', 'erased']),
  accepted: seconds,
  ended: seconds,
  status,
  reason: z.string(),
  message: message.optional(),
  steps: z
    .array(
      z.object({
        at: seconds,
        what: z.string(),
        contact: z.string().optional(),
        status: status.optional(),
        text: z.string(),
      }),
    )
    .readonly(),
});

export const deadLetter = z.object({
  id: z.int(),
  key: z.string(),
  box: z.string(),
  srcAddr: z.string(),
  status,
  reason: z.string(),
  endTime: seconds,
});

export const reminder = z.object({
  id: z.int(),
  key: z.string(),
  box: z.string(),
  from: z.string(),
  sendTime: seconds,
  expTime: seconds,
  contentType: z.string(),
});

export const submission = z
  .strictObject({
    from: z.string(),
    to: z.string(),
    contentType: z.string().optional(),
    body: z.union([z.string(), z.strictObject({ base64: z.base64() })]).optional(),
    expires: z.int().min(0).optional(),
    sendAt: z.union([z.string(), z.int()]).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    idempotencyKey: z.string().min(1).max(255).optional(),
  })
  .describe('As a MESSAGE, with the same rules');

export const submitted = z.object({
  outcome: z.enum(['delivered', 'stored']),
  repeated: z.boolean(),
  box: z.string(),
  key: z.string(),
  id: z.int(),
  callId: z.string(),
});

const count = z.strictObject({
  new: z.int().min(0),
  old: z.int().min(0),
  urgentNew: z.int().min(0).optional(),
  urgentOld: z.int().min(0).optional(),
});

export const source = z.strictObject({
  counts: z.partialRecord(z.enum(CONTEXT_CLASSES), count).nullable(),
  waiting: z.boolean().optional(),
  account: z.string().optional(),
  expires: z.int().min(0).optional(),
});

export const published = z.object({ mailbox: z.string(), source: z.string(), expires: z.int() });

const check = z.object({ ok: z.boolean(), detail: z.string() });

export const readiness = z.object({
  ready: z.boolean(),
  why: z.string(),
  checks: z.object({
    phase: check,
    database: check,
    drachtio: check,
    load: check,
    durability: check,
    quarantine: check,
    processes: check.optional(),
  }),
});
