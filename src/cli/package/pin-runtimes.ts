import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sha256 } from '../../core/hash.ts';
import { PACKAGE_ROOT, readManifest } from '../shipping/package-root.ts';
import { PINNED_RUNTIMES, type PinnedRuntime } from '../shipping/pinned-runtimes.ts';
import { carrierOf } from '../shipping/runtime.ts';
import type { Architecture } from '../../render/release.ts';

// npm run pin-runtimes: fetches the runtimes that package.json names and writes their hashes. npm compares each with package-lock.json.

const run = promisify(execFile);
const FILE = join(PACKAGE_ROOT, 'src/cli/shipping/pinned-runtimes.ts');

async function pin(architecture: Architecture, folder: string): Promise<PinnedRuntime> {
  const carrier = carrierOf(architecture);
  const version = (await readManifest()).runtimes[carrier] ?? '';
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder, `${carrier}@${version}`]);
  // npm prints one entry for each package.
  const [packed] = JSON.parse(stdout) as [{ readonly filename: string; readonly integrity: string }];
  const lock = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
  };
  const locked = lock.packages[`node_modules/${carrier}`]?.integrity ?? 'nothing';
  if (packed.integrity !== locked)
    throw new Error(`${carrier}@${version}: expected ${locked} (package-lock.json), found ${packed.integrity}`);
  await run('tar', ['-xzf', join(folder, packed.filename), '-C', folder, 'package/bin/node']);
  return { version, sha256: sha256(await readFile(join(folder, 'package/bin/node'))), integrity: locked };
}

const folder = await mkdtemp(join(tmpdir(), 'hxllm-pin-'));
try {
  let text = await readFile(FILE, 'utf8');
  for (const architecture of ['x64', 'arm64'] as const) {
    const [before, after] = [PINNED_RUNTIMES[architecture], await pin(architecture, folder)];
    const at = text.indexOf(`  ${architecture}: {`);
    const rest = text
      .slice(at)
      .replace(`'${before.version}'`, () => `'${after.version}'`)
      .replace(before.sha256, () => after.sha256)
      .replace(before.integrity, () => after.integrity);
    text = text.slice(0, at) + rest;
  }
  await writeFile(FILE, text);
} finally {
  await rm(folder, { recursive: true });
}
