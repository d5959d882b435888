import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PACKAGE_ROOT } from '../shipping/package-root.ts';
import { generatedFiles } from './generated.ts';

// npm run generate: writes the generated files that are out of date, and names them.

for (const [path, text] of await generatedFiles()) {
  const file = join(PACKAGE_ROOT, path);
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  process.stdout.write(`wrote ${path}\n`);
}
