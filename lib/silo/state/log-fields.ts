/** What a line of the log about a message says beside its words. */
import type { LogFields } from '../../base/log.ts';
import type { Message } from '../../stores/contract/message.ts';

type Named = Pick<Message, 'box' | 'key' | 'callId'> & Partial<Pick<Message, 'id'>>;

export function fieldsOf({ box, key, callId, id }: Named, { node }: { readonly node: string }): LogFields {
  return { box, key, callId, ...(id === undefined || id === 0 ? {} : { id }), node };
}
