/**
 * Who may stay connected. There is room for so many connections, and for so many of one address; when it is needed the
 * idlest one goes, those that never said anything first. So idle connections, however many, shut nobody out.
 */
export interface Member {
  /** Address of the peer. */
  readonly host: string;
  /** Ends the connection. */
  evict(): void;
}

export interface CrowdLimits {
  readonly all: number;
  readonly perHost: number;
}

/** One address may be a proxy or a NAT with many phones behind it. */
const CROWD_LIMITS: CrowdLimits = { all: 4_096, perHost: 1_024 };

export class Crowd<M extends Member> {
  readonly #limits: CrowdLimits;
  /** In order of their last activity, the idlest first. */
  readonly #silent = new Set<M>();
  readonly #spoken = new Set<M>();
  readonly #byHost = new Map<string, Set<M>>();

  constructor(limits = CROWD_LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#silent.size + this.#spoken.size;
  }

  /** Takes one in, and makes room for it. */
  add(member: M): void {
    const fellows = this.#byHost.get(member.host);
    if (fellows && fellows.size >= this.#limits.perHost) this.#evict(this.#idlestOf(fellows));
    else if (this.size >= this.#limits.all) this.#evict(first(this.#silent) ?? first(this.#spoken));
    this.#silent.add(member);
    const now = this.#byHost.get(member.host) ?? new Set();
    this.#byHost.set(member.host, now.add(member));
  }

  /** It has carried a message just now. */
  active(member: M): void {
    if (!this.#silent.delete(member) && !this.#spoken.delete(member)) return;
    this.#spoken.add(member);
    const fellows = this.#byHost.get(member.host);
    if (fellows?.delete(member)) fellows.add(member);
  }

  delete(member: M): void {
    this.#silent.delete(member);
    this.#spoken.delete(member);
    const fellows = this.#byHost.get(member.host);
    fellows?.delete(member);
    if (fellows?.size === 0) this.#byHost.delete(member.host);
  }

  #idlestOf(fellows: ReadonlySet<M>): M | undefined {
    for (const member of fellows) if (this.#silent.has(member)) return member;
    return first(fellows);
  }

  #evict(member: M | undefined): void {
    if (!member) return;
    this.delete(member);
    member.evict();
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  const [found] = set;
  return found;
}
