/** Who serves which box. */

export interface Lease {
  readonly box: string;
  readonly owner: string;
  readonly fence: number;
}

/** The lease, or for how many more seconds somebody else holds it. */
export type Claim = { readonly lease: Lease } | { readonly heldFor: number };

/** Who serves which box. */
export interface LeaseStore {
  /** Takes or refuses the lease of a box, by the database's clock. A new lease has a higher fence. */
  claim(box: string, owner: string, seconds: number): Promise<Claim>;
  /** Prolongs every lease of this owner. */
  renew(owner: string, seconds: number): Promise<void>;
  /**
   * At most `limit` boxes whose lease has run out (their node died while it served them); they are free then. Those of
   * `owner`, who asks, are left alone: it lives, and a clock may have jumped.
   */
  orphans(owner: string, limit: number): Promise<readonly string[]>;
  /** Ends a lease; a stale one is left alone. */
  release(lease: Lease): Promise<void>;
}
