/**
 * One message to one device that is there by several flows: never more than one at a time, for the device would have it twice
 * (RFC 5626 5.3); the next when a flow has failed (430) or says nothing.
 */
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { Binding } from '../../sip/read/binding.ts';
import { deviceOf } from '../state/bindings.ts';

/** Said of the flow, by what stands before the device or by nobody: the device may be there by another one. */
const FLOW_FAILURES = new Set([408, 410, 430, 480, 503]);

/** The bindings by device, those of one device the newest first. */
export function flowsByDevice(bindings: readonly Binding[]): readonly (readonly Binding[])[] {
  const devices = new Map<string, Binding[]>();
  for (const binding of bindings) {
    const flows = devices.get(deviceOf(binding));
    if (flows) flows.push(binding);
    else devices.set(deviceOf(binding), [binding]);
  }
  return [...devices.values()].map((flows) => flows.sort((a, b) => b.updated - a.updated));
}

export interface FlowSender {
  /** Sends along one flow and tells what came back, if that still counts. */
  readonly send: (flow: Binding, told: (answer: Answer) => Promise<void>) => Promise<unknown>;
  /** What the device says, by whichever flow; called again only for a 2xx that came after it. */
  readonly answered: (answer: Answer) => Promise<void>;
  /** ms of silence after which the next flow is tried. */
  readonly patience: number;
}

/** Resolves when the flows that were tried have answered, or could not be tried. */
export async function alongFlows(flows: readonly Binding[], sender: FlowSender): Promise<void> {
  let spoken = false;
  const along = async ([flow, ...others]: readonly Binding[]): Promise<void> => {
    if (flow === undefined || spoken) return;
    let next: Promise<void> | undefined;
    const goOn = () => (next ??= along(others));
    const timer = others.length > 0 ? setTimeout(() => void goOn(), sender.patience) : undefined;
    const told = async (answer: Answer): Promise<void> => {
      clearTimeout(timer);
      if (others.length > 0 && FLOW_FAILURES.has(answer.status)) {
        void goOn();
        return;
      }
      if (spoken && answer.status >= 300) return;
      spoken = true;
      await sender.answered(answer);
    };
    try {
      await sender.send(flow, told);
    } finally {
      clearTimeout(timer);
    }
    await next;
  };
  await along(flows);
}
