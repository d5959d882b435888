import { globSync } from 'node:fs';
import { copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { PAGES, pageFileName } from '../docs/pages.ts';
import { packGateway } from '../shipping/bundle.ts';
import { COMMIT_DATE_FILE, commitDate } from '../shipping/commit-date.ts';
import { PACKAGE_ROOT } from '../shipping/package-root.ts';
import { SCHEMA_FOLDER } from './generated.ts';

// Files that only the repository needs.
const LEFT_OUT = ['cli/package/**'];

/**
 * Builds `dist` anew: every file of `src` as plain JavaScript at the same depth, so that paths
 * relative to a file (templates, pages, package.json) stay valid, and the gateway packed into one file. Node strips no types below node_modules.
 */
export async function buildDist(): Promise<void> {
  const { build } = await import('esbuild');
  const dist = join(PACKAGE_ROOT, 'dist');
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  await build({
    absWorkingDir: PACKAGE_ROOT,
    entryPoints: globSync('**/*.ts', { cwd: join(PACKAGE_ROOT, 'src'), exclude: LEFT_OUT })
      .toSorted()
      .map((file) => join('src', file)),
    outdir: 'dist',
    outbase: 'src',
    // Bundling with every import external makes one file of each file and rewrites the imports' names.
    bundle: true,
    plugins: [importsAsBuilt],
    format: 'esm',
    platform: 'node',
    target: 'node24',
    tsconfigRaw: {},
    logLevel: 'warning',
  });
  await writeFile(join(dist, 'gateway.mjs'), await packGateway());
  await writeFile(join(dist, COMMIT_DATE_FILE), (await commitDate()) ?? '');
  await copyPages(dist);
}

/** Copies the pages of the manual and the JSON Schemas. */
async function copyPages(dist: string): Promise<void> {
  await mkdir(join(dist, 'docs'), { recursive: true });
  await cp(join(PACKAGE_ROOT, SCHEMA_FOLDER), join(dist, 'docs/schemas'), { recursive: true });
  for (const file of PAGES.map(pageFileName).filter((name) => name !== undefined))
    await copyFile(join(PACKAGE_ROOT, 'src/docs', file), join(dist, 'docs', file));
}

const importsAsBuilt: Plugin = {
  name: 'imports-as-built',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'entry-point'
        ? undefined
        : { path: path.startsWith('.') ? path.replace(/\.ts$/, '.js') : path, external: true },
    );
  },
};
