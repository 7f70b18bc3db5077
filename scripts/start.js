// npm start: the application, from a fresh clone.
import { runBuilt } from './prepare.js';

await runBuilt('dist/app.js');
