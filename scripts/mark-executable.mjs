// tsc writes files without the executable bit, and npm sets it only when it installs a package from a registry.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755);
