/** A message as an operator sees it. */
import type { BoxedMessage } from '../../stores/contract/inspection.ts';
import type { ShownMessage } from './operations.ts';

/** @param bodies with what its sender wrote */
export function shownMessage(message: BoxedMessage, bodies: boolean): ShownMessage {
  return {
    id: message.id,
    key: message.key,
    aor: message.box,
    kind: message.kind,
    from: message.srcAddr,
    to: message.dstAddr,
    callId: message.callId,
    contentType: message.contentType,
    size: message.size,
    accepted: message.incTime,
    expires: message.expTime,
    sendAt: message.sendTime,
    nextAttempt: message.nextTime,
    attempts: message.attempts,
    lastStatus: message.lastStatus,
    refusedBy: message.refusedBy,
    takenBy: message.takenBy,
    sealed: message.seal !== undefined,
    ...(bodies ? { headers: message.headers, body: message.body } : {}),
  };
}
