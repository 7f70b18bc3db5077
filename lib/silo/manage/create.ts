/** All operations on a store, with what a node that runs knows besides; without one they see and change what is stored, and the nodes find it. */
import type { NodeState } from '../../node/node.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { BindingSource } from '../state/bindings.ts';
import type { SiloContext } from '../state/context.ts';
import type { SiloSettings } from '../state/options.ts';
import type { WakeBox } from '../state/wake.ts';
import { createBoxOperations } from './boxes.ts';
import type { BoxCounting } from './counting.ts';
import { createBindingOperations, createDeviceOperations, createNodeOperations } from './devices.ts';
import { createMessageOperations } from './messages.ts';
import type { Operations } from './operations.ts';
import type { LiveKnowledge } from './stuck.ts';
import { createPersonOperations } from './persons.ts';
import { rememberWays } from './ways.ts';

export interface OperationsContext extends Pick<SiloContext, 'events' | 'now'> {
  readonly store: Store;
  readonly bindings: BindingSource;
  readonly settings: SiloSettings;
  readonly counting: BoxCounting;
  readonly nodes: () => Promise<readonly NodeState[]>;
  readonly found: (box: string) => void;
  /** Nothing of an AoR is remembered in this process any more. */
  readonly forget: (aor: string) => void;
  readonly wake: WakeBox;
  readonly live?: LiveKnowledge;
}

export function createOperations(context: OperationsContext): Operations {
  const { store, events, now, counting, nodes } = context;
  events.on('stored', ({ box }) => counting.note(box));
  events.on('ended', ({ box }) => counting.note(box));
  events.on('moved', ({ from, box }) => {
    counting.note(from);
    counting.note(box);
  });
  events.on('forget', ({ aor }) => counting.forget(aor));
  const ways = rememberWays(events, now);
  return {
    boxes: createBoxOperations(context),
    messages: createMessageOperations({ store, ways }),
    devices: createDeviceOperations(context),
    bindings: createBindingOperations(context),
    nodes: createNodeOperations(store, nodes),
    quarantine: {
      since: () => store.quarantine(),
      begin: async () => {
        await store.beginQuarantine(now());
        return store.quarantine();
      },
      end: () => store.endQuarantine(),
    },
    persons: createPersonOperations(context),
  };
}
