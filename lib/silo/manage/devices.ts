/** The devices of an AoR, and the nodes, for operators. */
import { askedAor } from '../../sip/read/recipient.ts';
import type { NodeState } from '../../node/node.ts';
import type { AorOptions } from '../../sip/read/uri.ts';
import type { Store } from '../../stores/contract/store.ts';
import { deviceOf, type BindingSource } from '../state/bindings.ts';
import type { BindingOperations, DeviceOperations, NodeOperations, ShownDevice } from './operations.ts';
import type { LiveKnowledge } from './stuck.ts';

/** Boxes of one node that are named. */
const MOST_LEASES = 100;

export interface DeviceContext {
  readonly store: Pick<Store, 'deviceStates' | 'heldBy'>;
  readonly bindings: BindingSource;
  readonly settings: AorOptions;
  readonly live?: Pick<LiveKnowledge, 'unreachable'>;
}

export function createDeviceOperations({ store, bindings, settings, live }: DeviceContext): DeviceOperations {
  return {
    list: async (asked) => {
      const aor = askedAor(asked, settings);
      const [states, registered] = await Promise.all([store.deviceStates(aor), bindings.find(aor)]);
      const devices = new Map<string, ShownDevice>(
        states.map((state) => [state.device, { ...state, registered: false }]),
      );
      const none = { firstSeen: 0, until: 0, attempts: 0, strikes: 0, nextTime: 0, lastStatus: 0 };
      for (const binding of registered) {
        const device = deviceOf(binding);
        const unreachable = live?.unreachable.why(binding);
        devices.set(device, {
          ...(devices.get(device) ?? { device, ...none }),
          registered: true,
          ...(unreachable === undefined ? {} : { unreachable }),
        });
      }
      return [...devices.values()];
    },
  };
}

export function createBindingOperations({ bindings, settings }: DeviceContext): BindingOperations {
  return { list: async (asked) => bindings.find(askedAor(asked, settings)) };
}

export function createNodeOperations(
  store: Pick<Store, 'heldBy'>,
  all: () => Promise<readonly NodeState[]>,
): NodeOperations {
  return {
    list: async () =>
      Promise.all(
        (await all()).map(async (node) => {
          const leases = await store.heldBy(`${node.node}/${node.run}`, MOST_LEASES);
          return { ...node, leases: leases.map(({ box, ends }) => ({ aor: box, until: ends })) };
        }),
      ),
  };
}
