/** How bindings look as rows: the same for both engines. */
import { sha256 } from '../../base/sha256.ts';
import type { Binding } from '../../sip/read/binding.ts';
import { flowOf } from '../../sip/read/rebinding.ts';
import { int, list, text, type Row } from './values.ts';

export const BINDING_COLUMNS = [
  'aor',
  'contact_key',
  'contact',
  'expires',
  'q',
  'instance',
  'reg_id',
  'callid',
  'cseq',
  'path',
  'source',
  'server',
  'takes_message',
  'user_agent',
  'methods',
  'updated',
] as const;

/** Primary key part of a contact, whose URI may be longer than an index allows. */
export function contactKey(contact: string): string {
  return sha256(contact);
}

/** Primary key part of a binding. */
export function bindingKey(binding: Binding): string {
  return contactKey(flowOf(binding));
}

/**
 * Rows as bindings under their keys. A key is read and not made: that of an instance was of its contact alone in earlier
 * versions.
 */
export function bindingsByKey(rows: readonly Row[]): Map<string, Binding> {
  return new Map(rows.map((row) => [text(row, 'contact_key'), toBinding(row)]));
}

/** The values of {@link BINDING_COLUMNS}, in their order. */
export function fromBinding(binding: Binding, key = bindingKey(binding)): (string | number | null)[] {
  const { source } = binding;
  return [
    binding.aor,
    key,
    binding.contact,
    binding.expires,
    binding.q,
    binding.instance ?? null,
    binding.regId ?? null,
    binding.callId,
    binding.cseq,
    binding.path.join('\n'),
    `${source.protocol}:${source.port}:${source.address}`,
    binding.server,
    binding.takesMessage ? 1 : 0,
    binding.userAgent.slice(0, 255),
    binding.methods?.slice(0, 255) ?? '',
    binding.updated,
  ];
}

export function toBinding(row: Row): Binding {
  const [protocol = '', port = '', ...address] = text(row, 'source').split(':');
  return {
    aor: text(row, 'aor'),
    contact: text(row, 'contact'),
    expires: int(row, 'expires'),
    q: Number(row['q']),
    instance: row['instance'] === null ? undefined : text(row, 'instance'),
    regId: row['reg_id'] === null ? undefined : int(row, 'reg_id'),
    callId: text(row, 'callid'),
    cseq: int(row, 'cseq'),
    path: list(row, 'path'),
    source: { protocol, port: Number(port), address: address.join(':') },
    server: text(row, 'server'),
    takesMessage: int(row, 'takes_message') !== 0,
    userAgent: text(row, 'user_agent'),
    methods: text(row, 'methods'),
    updated: int(row, 'updated'),
  };
}
