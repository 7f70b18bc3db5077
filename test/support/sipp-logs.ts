export interface SippMessage {
  readonly direction: 'sent' | 'received';
  readonly transport: string;
  /** The message as it was on the wire. */
  readonly text: string;
}

export interface SippStatistics {
  readonly calls: number;
  readonly successful: number;
  readonly failed: number;
  readonly retransmissions: number;
  /** Every counter under sipp's own name, as `FailedUnexpectedMessage(C)`. */
  readonly counters: Readonly<Record<string, string>>;
}

const HEAD = /^-{20,} .*\n(\S+) message (sent|received) [([](\d+).*\n\n/gm;

/**
 * The log of `-trace_msg`: a ruled line with the time, a line that says which way and how many bytes, an empty
 * line, the message. Cut by the number of bytes, for a body may hold anything, a ruled line included.
 */
export function readMessages(log: string): SippMessage[] {
  const bytes = Buffer.from(log);
  // One character for each byte, so that places in the text are places in the bytes.
  const text = bytes.toString('latin1');
  const messages: SippMessage[] = [];
  const head = new RegExp(HEAD);
  for (let found = head.exec(text); found !== null; found = head.exec(text)) {
    const [, transport = '', direction, length] = found;
    const start = head.lastIndex;
    const end = start + Number(length);
    // sipp is still writing this one.
    if (end > bytes.length) break;
    messages.push({
      direction: direction === 'sent' ? 'sent' : 'received',
      transport,
      text: bytes.toString('utf8', start, end),
    });
    head.lastIndex = end;
  }
  return messages;
}

/** The file of `-trace_stat`: a line of names, then a line of values for each second; the last one counts. */
export function readStatistics(csv: string): SippStatistics {
  const lines = csv.split('\n').filter((line) => line.trim() !== '');
  const names = lines[0]?.split(';') ?? [];
  const values = lines.length > 1 ? (lines.at(-1)?.split(';') ?? []) : [];
  const counters: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const value = values[index];
    if (name !== '' && value !== undefined) counters[name] = value;
  }
  const count = (name: string): number => Number(counters[name] ?? 0);
  return {
    calls: count('TotalCallCreated'),
    successful: count('SuccessfulCall(C)'),
    failed: count('FailedCall(C)'),
    retransmissions: count('Retransmissions(C)'),
    counters,
  };
}
