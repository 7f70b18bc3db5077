import { setTimeout as sleep } from 'node:timers/promises';
import createDebug from 'debug';

const debug = createDebug('silo:test');

/** Why a test has to let time pass: nothing that could be waited for, and no clock or option of ours that could be turned. */
const REASONS = {
  'SIP timers':
    'the timers of RFC 3261 are what is tested, also on a drachtio-server, which has no options for them',
  pace: 'an interval that a phone can rely on has to pass, and nothing can be seen of it but that nothing comes',
  disuse: 'what is tested is that nobody has used a thing for so long, and looking at it would use it',
  signals: 'two signals that come together count as one, since Ctrl-C under npm is heard twice',
  lifetimes:
    'the application has a clock of its own, and whole seconds are the shortest lifetimes that there are',
  leases: 'a node is dead or alive by the time for which it is silent, in whole seconds',
  moments: 'a fault that comes while a process starts comes at a time: there is nothing to be seen of it yet',
  outages:
    'a database must be away for as long as it is said, in relation to how long queries are waited for',
  rates: 'so many phones come in so much time, and try again after a while, as phones do',
} as const;

/** Lets so much time really pass. For all else there is `until`, a sentinel, `now` or a shorter option. */
export function realTime(ms: number, reason: keyof typeof REASONS): Promise<void> {
  debug('%d ms: %s', ms, REASONS[reason]);
  return sleep(ms);
}
