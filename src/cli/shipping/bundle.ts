import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { sha256 } from '../../core/hash.ts';
import { commitDate } from './commit-date.ts';
import type { Bundle } from '../../render/release.ts';
import { PACKAGE_ROOT, readManifest } from './package-root.ts';
import { keepPacked, packedBefore } from './packed-before.ts';

// undici is CommonJS and requires Node's modules, but an ESM bundle has no `require` of its own.
const BANNER =
  "import { createRequire as createRequireForPackages } from 'node:module';\nconst require = createRequireForPackages(import.meta.url);";

/** The gateway as one file: the built one of the package, or packed now in the repository. */
export async function bundleGateway(): Promise<Result<Bundle>> {
  const built = join(PACKAGE_ROOT, 'dist/gateway.mjs');
  const { version } = await readManifest();
  const committedAt = await commitDate();
  try {
    // In the repository a built file may be older than the sources.
    const content = existsSync(join(PACKAGE_ROOT, 'src/gateway/main.ts'))
      ? await packGateway()
      : await readFile(built, 'utf8');
    return ok({ version, committedAt, content, sha256: sha256(content) });
  } catch (error) {
    return fail({
      code: 'bug.gateway-not-packed',
      summary: 'the gateway cannot be packed into one file',
      detail: errorMessage(error),
      fix: existsSync(built) ? 'npm ci' : 'install hxllm again',
    });
  }
}

/** Packs src/gateway/main.ts with its imports into one ESM file. The same sources give the same bytes in every folder. */
export async function packGateway(): Promise<string> {
  const before = await packedBefore();
  if (before !== undefined) return before;
  const begunMs = Date.now();
  const { build } = await import('esbuild');
  const result = await build({
    absWorkingDir: PACKAGE_ROOT,
    entryPoints: ['src/gateway/main.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: BANNER },
    legalComments: 'eof',
    // Otherwise comments with the paths of packages would depend on the real place of node_modules.
    preserveSymlinks: true,
    // A tsconfig above this folder must not change the bundle.
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error('esbuild wrote nothing');
  // This file has the options, and the lock file the version of esbuild.
  const inputs = ['src/cli/shipping/bundle.ts', 'package-lock.json', ...Object.keys(result.metafile.inputs)];
  await keepPacked(output.text, inputs, begunMs);
  return output.text;
}
