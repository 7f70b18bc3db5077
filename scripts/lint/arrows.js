/** The rules of rooms.js as dependency-cruiser reads them; run by scripts/lint.js. */
import { packages, rooms } from './rooms.js';

const TABLE = 'scripts/lint/rooms.js';
const floors = rooms.map(([room]) => room);

for (const [room, others] of rooms)
  for (const other of others) {
    const below = floors.indexOf(other);
    if (below < 0) throw new Error(`${TABLE}: ${room} -> ${other}, but ${other} has no row`);
    if (below <= floors.indexOf(room))
      throw new Error(
        `${TABLE}: ${room} -> ${other}, but ${other} stands above: that is a circle of folders; move what both need below`,
      );
  }

/** The files of a room, without those of the rooms inside it. */
const filesOf = (room) => (room.endsWith('.ts') ? `^${escaped(room)}$` : `^${escaped(room)}/[^/]+$`);
const escaped = (text) => text.replace(/[.]/g, '[.]');

const arrows = rooms.map(([room, others]) => ({
  name: `arrow from ${room}`,
  comment: `${room} may import ${[...others, 'lib/base'].join(', ')} and nothing else of ours: see ${TABLE}`,
  severity: 'error',
  from: { path: filesOf(room) },
  to: {
    dependencyTypes: ['local'],
    pathNot: [room, ...others, 'lib/base'].map(filesOf),
  },
}));

const keepers = packages.map(([name, others]) => ({
  name: `use of ${name}`,
  comment: `only ${others.join(' and ')} may import ${name}: see ${TABLE}`,
  severity: 'error',
  from: { path: '^(lib/|app[.]ts$)', pathNot: others.map(filesOf) },
  to: { path: `(^|/)node_modules/${escaped(name)}/` },
}));

export default {
  forbidden: [
    ...arrows,
    ...keepers,
    {
      name: 'circle of files',
      comment:
        'these files import each other in a circle, if only for a type: move what they share into a file of its own',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'room without a row',
      comment: `this folder has no row, so nothing says what it may import: give it one in ${TABLE}`,
      severity: 'error',
      from: { path: '^lib/', pathNot: floors.map(filesOf) },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
