import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = import.meta.dirname;

/** The packages of this folder, with the expected versions. */
export function wantedPackages(): Readonly<Record<string, string>> {
  // The file is this folder's own.
  return (JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')) as { dependencies: Record<string, string> })
    .dependencies;
}

/** Installs the clients if one is missing or has another version, and says so in one line; rejects if the installation fails. */
export async function installClients(say: (line: string) => void): Promise<void> {
  if (areThere()) return;
  const startedMs = performance.now();
  const child = spawn('npm', ['ci'], { cwd: FOLDER, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject).on('close', resolve);
  const code = await promise;
  if (code !== 0)
    throw new Error(
      `the clients that judge could not be installed (npm ci in test/conformance ended with ${String(code)}):\n${output}`,
    );
  say(
    `clients of the conformance suite: installed in test/conformance (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`,
  );
}

function areThere(): boolean {
  // npm writes this file after all others.
  return (
    existsSync(join(FOLDER, 'node_modules/.package-lock.json')) &&
    Object.entries(wantedPackages()).every(([name, version]) => installedVersion(name) === version)
  );
}

function installedVersion(name: string): string | undefined {
  const path = join(FOLDER, 'node_modules', name, 'package.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version : undefined;
}
