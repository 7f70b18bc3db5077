/** Storage of nodes: who works on this database, since when nothing was heard of whom, and whether any of them may send from a box. */

/** What a node says of itself with each heartbeat. */
export interface NodeBeat {
  /** Its name, the same over restarts. */
  readonly node: string;
  /** The run of its process. */
  readonly run: string;
  /** Host name and process id. */
  readonly process: string;
  /** SIP addresses of its drachtio-server. */
  readonly server: string;
  readonly version: string;
}

/** A node as the database knows it. Times are epoch seconds by the database's clock. */
export interface NodeRow extends NodeBeat {
  /** First heartbeat of this run. */
  readonly started: number;
  /** Last heartbeat, and how many seconds ago that was. */
  readonly seen: number;
  readonly silent: number;
  /** When it stopped in good order; 0: it runs, or has died. */
  readonly stopped: number;
}

export interface NodeStore {
  /** Writes a heartbeat. Returns all nodes as they were before it. */
  beat(beat: NodeBeat): Promise<readonly NodeRow[]>;
  /** The node stops in good order; nothing happens if another run has taken its name. */
  leaveNode(node: string, run: string): Promise<void>;
  nodes(): Promise<readonly NodeRow[]>;
  /** Asks these nodes to remember nothing of an AoR any more. What was asked stands in `silo_forget` until it is done. */
  askToForget(aor: string, nodes: readonly string[]): Promise<void>;
  /** What this node is asked to forget, at most `limit` AoRs. */
  toForget(node: string, limit: number): Promise<readonly string[]>;
  /** This node remembers nothing of them any more. */
  haveForgotten(node: string, aors: readonly string[]): Promise<void>;
  /** Forgets nodes that were not seen for so many seconds, and what a process that died has asked nodes to forget. */
  forgetNodes(seconds: number): Promise<void>;
}

export interface QuarantineStore {
  /** Since when no node may send from a box, epoch seconds; 0: they may. */
  quarantine(): Promise<number>;
  /** From now on none may; one that has begun stays as it is. */
  beginQuarantine(now: number): Promise<void>;
  /** They may again. False: they might. */
  endQuarantine(): Promise<boolean>;
}
