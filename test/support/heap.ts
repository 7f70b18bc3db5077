/** What a process has in its memory: a heap snapshot, and by which way each text in it is held. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[]];
      readonly edge_fields: readonly string[];
      readonly edge_types: readonly [readonly string[]];
    };
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

/** Steps of a way that are told. */
const STEPS = 12;

/** The texts that include this one, each behind the way from what holds it: `Map / (internal) table / …: text`. */
export function textsIn(json: string, wanted: string): readonly string[] {
  const { snapshot, nodes, edges, strings } = JSON.parse(json) as Snapshot;
  const { node_fields: of, node_types: types, edge_fields: ofEdge, edge_types: kinds } = snapshot.meta;
  const [width, type, name, count] = [
    of.length,
    ...['type', 'name', 'edge_count'].map((field) => of.indexOf(field)),
  ] as [number, number, number, number];
  const [edgeWidth, kind, label, to] = [
    ofEdge.length,
    ...['type', 'name_or_index', 'to_node'].map((field) => ofEdge.indexOf(field)),
  ] as [number, number, number, number];
  const at = (list: readonly number[], index: number) => list[index] ?? 0;
  const textOf = (node: number) => strings[at(nodes, node + name)] ?? '';
  /** Node -> who holds it first, and as what. */
  const holders = new Map<number, readonly [holder: number, as: string]>();
  for (let node = 0, edge = 0; node < nodes.length; node += width)
    for (let left = at(nodes, node + count); left > 0; left--, edge += edgeWidth) {
      const how = kinds[0][at(edges, edge + kind)];
      const target = at(edges, edge + to);
      if (how === 'weak' || holders.has(target)) continue;
      const index = at(edges, edge + label);
      holders.set(target, [
        node,
        how === 'element' || how === 'hidden' ? `[${index}]` : (strings[index] ?? ''),
      ]);
    }
  const wayOf = (node: number): string => {
    const steps: string[] = [];
    let holder = holders.get(node);
    while (holder !== undefined && steps.length < STEPS) {
      steps.unshift(`${textOf(holder[0]).slice(0, 40)}.${holder[1].slice(0, 40)}`);
      holder = holders.get(holder[0]);
    }
    return steps.join(' / ');
  };
  const found: string[] = [];
  for (let node = 0; node < nodes.length; node += width) {
    const what = types[0][at(nodes, node + type)] ?? '';
    if (/string/.test(what) && textOf(node).includes(wanted)) found.push(`${wayOf(node)}: ${textOf(node)}`);
  }
  return found;
}
