/** All that every store passes, with and without keys for bodies. */
import { describe } from 'vitest';
import { bindingConformance } from './bindings.ts';
import { boxConformance } from './boxes.ts';
import { aKey, bodyKeyConformance } from './body-keys.ts';
import { foreignRowsConformance } from './foreign-rows.ts';
import { storeConformance, type StoreUnderTest } from './messages.ts';
import { mwiConformance } from './mwi.ts';
import { nodeConformance } from './nodes.ts';
import { roomConformance } from './room.ts';
import { submissionConformance } from './submissions.ts';
import { userConformance } from './users.ts';

export function everyStore(create: () => Promise<StoreUnderTest>): void {
  storeConformance(create);
  bindingConformance(create);
  boxConformance(create);
  mwiConformance(create);
  nodeConformance(create);
  roomConformance(create);
  foreignRowsConformance(create);
  userConformance(create);
  submissionConformance(create);
  bodyKeyConformance(create);

  describe('with bodies encrypted', () => {
    const bodyKey = aKey('one');
    const sealed = async () => {
      const under = await create();
      return { ...under, open: (now: () => number) => under.open(now, { bodyKey }) };
    };
    storeConformance(sealed);
    boxConformance(sealed);
  });
}
