/** Why boxes that hold mail are not being emptied just now, as far as this node knows. */
import { reachableFrom } from '../../sip/read/next-hop.ts';
import type { Binding } from '../../sip/read/binding.ts';
import type { BoxHead, HeldBox } from '../../stores/contract/boxes.ts';
import type { Store } from '../../stores/contract/store.ts';
import { hasRefused } from '../deliver/capabilities.ts';
import { deviceOf, type BindingSource } from '../state/bindings.ts';
import type { SiloSettings } from '../state/options.ts';
import type { UnreachableDevices } from '../state/unreachable-devices.ts';
import type { Stuck } from './operations.ts';

export interface StuckContext {
  readonly store: Pick<Store, 'heldBoxes' | 'deviceStates' | 'quarantine'>;
  readonly bindings: BindingSource;
  readonly now: () => number;
  readonly settings: Pick<SiloSettings, 'deliverTo'>;
  /** What only a node that runs knows. */
  readonly live?: LiveKnowledge;
}

export interface LiveKnowledge {
  /** Name of this process in the leases. */
  readonly owner: string;
  /** Addresses of the drachtio-server that this node sends through. */
  readonly server: () => string;
  readonly unreachable: Pick<UnreachableDevices, 'why'>;
}

const QUARANTINE: Stuck = {
  reason: 'quarantine',
  text: 'Nothing may leave a box: drachtio-silo quarantine show.',
};

/** For each box that is stuck; a box that is being served, or whose time is still to come, has none. */
export async function whyStuck(
  context: StuckContext,
  heads: readonly BoxHead[],
): Promise<ReadonlyMap<string, Stuck>> {
  const { store, bindings, now } = context;
  const waiting = heads.filter(({ sendTime }) => sendTime <= now());
  if (waiting.length === 0) return new Map();
  const names = waiting.map(({ box }) => box);
  const [since, leases, registered] = await Promise.all([
    store.quarantine(),
    store.heldBoxes(names),
    bindings.among(names),
  ]);
  if (since > 0) return new Map(names.map((box) => [box, QUARANTINE]));
  const leased = new Map(leases.map((lease) => [lease.box, lease]));
  const present = new Set(registered);
  const reasons = await Promise.all(
    waiting.map(async (head) => {
      const lease = leased.get(head.box);
      const reason = lease ? heldBy(context, lease) : await unserved(context, head, present.has(head.box));
      return [head.box, reason] as const;
    }),
  );
  return new Map(reasons.flatMap(([box, reason]) => (reason ? [[box, reason]] : [])));
}

function heldBy({ live }: StuckContext, { owner, ends }: HeldBox): Stuck | undefined {
  if (owner === live?.owner) return undefined;
  const [node = owner] = owner.split('/');
  return { reason: 'lease', node, until: ends, text: `The node ${node} serves it just now.` };
}

async function unserved(
  context: StuckContext,
  head: BoxHead,
  registered: boolean,
): Promise<Stuck | undefined> {
  const { bindings, live } = context;
  const able = registered ? (await bindings.find(head.box)).filter(({ takesMessage }) => takesMessage) : [];
  if (able.length === 0)
    return {
      reason: 'no-device',
      text:
        bindings.partial === true
          ? 'No device that takes messages has registered on this node.'
          : 'No device is registered that takes messages.',
    };
  const unreachable = able.map((binding) => live?.unreachable.why(binding));
  const why = unreachable.find((reason) => reason !== undefined);
  if (why !== undefined && !unreachable.includes(undefined)) return { reason: 'unreachable', text: why };
  const server = live?.server();
  if (server !== undefined && !able.some((binding) => reachableFrom(server, binding)))
    return {
      reason: 'elsewhere',
      text: 'Its devices have registered at another drachtio-server: the node of that one sends.',
    };
  return refused(head, able) ?? (await heldBack(context, head));
}

function refused({ refusedBy }: BoxHead, able: readonly Binding[]): Stuck | undefined {
  if (!able.every((binding) => hasRefused(refusedBy, binding))) return undefined;
  const devices = able.map(deviceOf);
  return {
    reason: 'refused',
    by: devices,
    text: `Its first message was refused for good by ${devices.join(', ')}; another device may take it.`,
  };
}

async function heldBack({ store, settings, now }: StuckContext, head: BoxHead): Promise<Stuck | undefined> {
  const devices = settings.deliverTo === 'every' ? await store.deviceStates(head.box) : [];
  const holds = [
    { until: head.attempts > 0 ? head.nextTime : 0, status: head.lastStatus },
    ...devices.map(({ nextTime, lastStatus }) => ({ until: nextTime, status: lastStatus })),
  ].filter(({ until }) => until > now());
  const [hold] = holds;
  if (!hold) return undefined;
  return {
    ...hold,
    reason: 'back-off',
    text: `The last attempt got ${hold.status}; the next one is at ${new Date(hold.until * 1000).toISOString()}.`,
  };
}
