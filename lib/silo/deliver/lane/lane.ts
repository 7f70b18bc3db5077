/**
 * The lane of one box, in which its messages leave in single file: where the box stands between "nothing to do" and "a
 * session sends". `turn.ts` does what is to be done, `lanes.ts` decides how many lanes have their turn at a time.
 *
 *   idle ──wake──► queued ──begin──► claiming ──lease──► serving ──release──► releasing ──rest──► idle
 *
 *   claiming ──rest──► idle            no device that this node can send to
 *   claiming ──pause──► waiting        another node has the lease, or the store or drachtio-server is away
 *   releasing ──pause──► waiting       the session was cut short
 *   waiting ──wake──► queued           by anything but the sweep, which finds what the timer is there for
 *   waiting ──due──► queued            the timer of the pause
 *   waiting ──stop──► idle             this node stops
 *   any ──fail──► waiting              a fault of ours: the box is served again after a while
 *
 * A lane that is woken while it is queued or has its turn takes another turn afterwards.
 */
import { assertState } from '../../../base/state.ts';
import type { Lease } from '../../../stores/contract/leases.ts';
import type { Wake } from '../../state/wake.ts';

export type LaneState = 'idle' | 'queued' | 'claiming' | 'serving' | 'releasing' | 'waiting';

/** What a running session wants to hear of: the box was woken again, its devices have changed. */
export type LaneNews = 'woken' | 'devices';
type Listener = (news: LaneNews) => void;

export class Lane {
  readonly box: string;
  #state: LaneState = 'idle';
  /** Why the box is to be served. */
  #why: Wake = 'timer';
  /** Woken since its turn was asked for. */
  #again: Wake | undefined;
  #lease: Lease | undefined;
  /** The lease holds at least until then, by our own steady clock. */
  #leasedUntil = 0;
  /** Messages that the next session may deliver. */
  #limit = Infinity;
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<Listener>();

  constructor(box: string) {
    this.box = box;
  }

  get state(): LaneState {
    return this.#state;
  }

  /** True when it is to be queued now. */
  wake(why: Wake): boolean {
    if (this.#state === 'idle' || (this.#state === 'waiting' && why !== 'timer')) {
      clearTimeout(this.#timer);
      this.#state = 'queued';
      this.#why = why;
      return true;
    }
    if (this.#state === 'waiting') return false;
    // A registration is the strongest reason: it lifts back-offs.
    if (this.#again !== 'register') this.#again = why;
    this.#tell('woken');
    return false;
  }

  /** Its turn has come. Returns why it was woken. */
  begin(): Wake {
    this.#assert('begin', ['queued']);
    this.#state = 'claiming';
    return this.#why;
  }

  /** @param until by our own steady clock */
  lease(lease: Lease, until: number): void {
    this.#assert('lease', ['claiming']);
    this.#state = 'serving';
    this.#lease = lease;
    this.#leasedUntil = until;
  }

  /** The session is over: nothing more is sent with its lease. */
  release(): void {
    this.#assert('release', ['serving']);
    this.#state = 'releasing';
    this.#lease = undefined;
  }

  /** Nothing to do until it is woken. Returns why it was woken meanwhile. */
  rest(): Wake | undefined {
    this.#assert('rest', ['claiming', 'releasing']);
    this.#state = 'idle';
    return this.#end();
  }

  /** Calls `ring` after so many ms, unless it is woken before. Returns why it was woken meanwhile. */
  pause(ms: number, ring: () => void): Wake | undefined {
    this.#assert('pause', ['claiming', 'releasing']);
    this.#wait(ms, ring);
    return this.#end();
  }

  /** The pause is over: it is to be queued, for the reason that it had its last turn for. */
  due(): void {
    this.#assert('due', ['waiting']);
    this.#state = 'queued';
  }

  stop(): void {
    this.#assert('stop', ['waiting']);
    clearTimeout(this.#timer);
    this.#state = 'idle';
  }

  /** Whatever it was doing went wrong by a fault of ours: nothing more is sent, and the box is not forgotten. */
  fail(ms: number, ring: () => void): void {
    clearTimeout(this.#timer);
    this.#lease = undefined;
    this.#wait(ms, ring);
    this.#why = this.#end() ?? this.#why;
  }

  /** Is this its lease, and does it surely still hold? A process that slept through it must not send on. */
  holds(lease: Lease): boolean {
    return this.#lease === lease && performance.now() < this.#leasedUntil;
  }

  /** Its lease was prolonged. One that had run out when we asked may be another node's by now, and was not. */
  renewed(asked: number, until: number): void {
    if (this.#leasedUntil > asked) this.#leasedUntil = until;
  }

  /** The next session delivers so many messages at the most. */
  limit(messages: number): void {
    this.#limit = messages;
  }

  /** The limit is for one session. */
  takeLimit(): number {
    const limit = this.#limit;
    this.#limit = Infinity;
    return limit;
  }

  devicesChanged(): void {
    this.#tell('devices');
  }

  /** Until the turn is over, or the result is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #assert(step: string, from: readonly LaneState[]): void {
    assertState(`the lane of ${this.box}`, step, this.#state, from);
  }

  #wait(ms: number, ring: () => void): void {
    this.#state = 'waiting';
    this.#timer = setTimeout(ring, ms);
    this.#timer.unref();
  }

  #end(): Wake | undefined {
    const again = this.#again;
    this.#again = undefined;
    this.#listeners.clear();
    return again;
  }

  #tell(news: LaneNews): void {
    for (const listener of [...this.#listeners]) listener(news);
  }
}
