// npm run bench: the measurements, from a fresh clone.
import { runBuilt } from './prepare.js';

await runBuilt('dist/bench/run.js');
