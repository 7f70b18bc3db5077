// npm run soak -- --minutes N: the app under a steady mix for a long time, from a fresh clone.
import { runBuilt } from './prepare.js';

await runBuilt('dist/bench/soak.js');
