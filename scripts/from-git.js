// npm runs this for whoever installs us from git, where nothing is built and `prepack` is not asked for. For all others, who
// clone and run `npm ci`, it does nothing: what they start builds itself, and a source that does not compile yet is no reason to fail.
import { ensureBuild, orExit } from './prepare.js';

/** npm sets it where it prepares a dependency from git; pnpm and Yarn run `prepack`. */
if (process.env._PACOTE_NO_PREPARE_ !== undefined) orExit(ensureBuild);
