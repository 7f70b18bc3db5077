import type { AcceptRules } from '../../../lib/stores/contract/accept.ts';

const NO_LIMIT = { messages: 0, bytes: 0 };

/** Without a limit, but for what is said. */
export function acceptRules(over: Partial<AcceptRules>): AcceptRules {
  return {
    box: NO_LIMIT,
    domain: NO_LIMIT,
    overflow: 'drop-oldest',
    receipts: 0,
    replaces: [],
    ...over,
  };
}
