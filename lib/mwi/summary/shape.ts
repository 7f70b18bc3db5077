/** Callers in plain JavaScript have no compiler: what they pass for a body or a summary is looked at before it is used. */

/** What stands where something else was wanted. */
interface Misshape {
  readonly found: string;
  readonly wanted: string;
}

/** Undefined for text and bytes, which is what a body can be. */
export function notABody(body: unknown): Misshape | undefined {
  if (typeof body === 'string' || body instanceof Uint8Array) return undefined;
  return { found: kindOf(body), wanted: 'the body as text or as bytes (Uint8Array)' };
}

/**
 * Undefined when it has the parts of a summary, each of its type; their content is for the writer to judge.
 * @param headers the header blocks are to be written, too
 */
export function misshapeOf(summary: unknown, headers: boolean): Misshape | undefined {
  if (typeof summary !== 'object' || summary === null)
    return { found: kindOf(summary), wanted: 'a summary: { waiting, counts, messages }' };
  const { waiting, account, counts, messages } = summary as Readonly<Record<string, unknown>>;
  // A text like "no" counts as true in JavaScript, and would light what is dark.
  if (typeof waiting !== 'boolean')
    return { found: `${kindOf(waiting)} as waiting`, wanted: 'true or false' };
  if (account !== undefined && typeof account !== 'string')
    return { found: `${kindOf(account)} as account`, wanted: 'a URI as text, or no account' };
  if (!isMap(counts)) return { found: `${kindOf(counts)} as counts`, wanted: 'a Map of class to counts' };
  for (const [name, value] of counts)
    if (typeof name !== 'string' || !isPairs(value))
      return { found: `${kindOf(value)} as the counts of ${String(name)}`, wanted: '{ new, old }' };
  return !headers || isBlocks(messages)
    ? undefined
    : { found: `${kindOf(messages)} as messages`, wanted: 'a list of lists of { name, value }' };
}

function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.iterator in value &&
    'get' in value &&
    typeof value.get === 'function'
  );
}

/** Undefined stands for a class without counts. */
function isPairs(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null);
}

function isBlocks(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((block: unknown) => Array.isArray(block) && block.every(isHeader))
  );
}

function isHeader(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, value: text } = value as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && typeof text === 'string';
}

/** Never the value itself: bodies may be private, and error sentences end in logs. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'a list';
  return `a value of type ${typeof value}`;
}
