/** The steps of a state machine: one that its drawing does not have is a fault of ours, never of a peer. */

export class StateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StateError';
  }
}

/**
 * @param what the machine, so that the log says which one
 * @throws StateError when the step does not lead on from this state
 */
export function assertState<State extends string>(
  what: string,
  step: string,
  state: State,
  from: readonly State[],
): void {
  if (from.includes(state)) return;
  throw new StateError(`${what}: "${step}" is no step from "${state}", only from "${from.join('" or "')}"`);
}
