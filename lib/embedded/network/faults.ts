/** Switches with which a test makes the front end misbehave as a real drachtio-server or a real network can. */
export interface Faults {
  /** The frame that says "sent" and the SIP answer reach the app in one TCP write. */
  echoWithResponse: boolean;
  /** An app that has more than 12,228 unread bytes under way is never heard again: no error, no close. */
  wedge: boolean;
  /** Start line, headers and body are cut where drachtio-server's fixed buffers cut them; a body also at NUL. */
  cuts: boolean;
  /** The app connection is cut after so many frames from it; 0 is never. Counts down, and ends at 0. */
  dropAfterFrames: number;
  /** `authenticate` names no SIP address yet, as right after a start of drachtio-server. */
  noHostports: boolean;
  /** Milliseconds that every datagram waits before it leaves. */
  udpDelay: number;
  /** Part (0..1) of the datagrams that are lost, in either direction. */
  udpLoss: number;
  /** Part (0..1) of the datagrams that leave 50 ms late, and so behind later ones. */
  udpReorder: number;
  /** Part (0..1) of the datagrams that leave twice. */
  udpTwice: number;
}

export function newFaults(wanted: Partial<Faults> = {}): Faults {
  return {
    echoWithResponse: false,
    wedge: false,
    cuts: false,
    dropAfterFrames: 0,
    noHostports: false,
    udpDelay: 0,
    udpLoss: 0,
    udpReorder: 0,
    udpTwice: 0,
    ...wanted,
  };
}
