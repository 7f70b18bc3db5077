// npm pack, npm publish: the package is whole, also from a fresh clone, and has nothing of an older build in it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild, ensurePackages, orExit, root } from './prepare.js';

orExit(() => {
  ensurePackages();
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  ensureBuild();
});
