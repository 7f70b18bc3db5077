/** Why a box is served. */

/** A registration lifts the back-off of messages that waited for the device; what the sweep finds is a timer. */
export type Wake = 'register' | 'timer' | 'tail' | 'accept';

/** The box may have something to send now. */
export type WakeBox = (box: string, why: Wake) => void;
