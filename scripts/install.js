// The packages, and nothing else: for what needs them before `npm test` does (.ci/run).
import { ensurePackages, orExit } from './prepare.js';

orExit(ensurePackages);
