import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PACKAGE_ROOT } from '../shipping/package-root.ts';
import { buildDist } from './build.ts';
import { packOffline } from './offline.ts';

/** Builds `dist` and packs the npm tarball. Returns npm's exit code. */
export async function packPackage(destination: string): Promise<number> {
  await buildDist();
  const npm = spawn('npm', ['pack', '--pack-destination', destination], { cwd: PACKAGE_ROOT, stdio: 'inherit' });
  const [code] = await once(npm, 'exit');
  return typeof code === 'number' ? code : 1;
}

if (import.meta.main) {
  const [option, ...more] = process.argv.slice(2);
  if (more.length > 0 || (option !== undefined && option !== '--offline')) {
    process.stderr.write(`Expected no option or --offline, found ${[option, ...more].join(' ')}\n`);
    process.exitCode = 64;
  } else if (option === '--offline') {
    await buildDist();
    process.stdout.write(`${await packOffline(PACKAGE_ROOT)}\n`);
  } else process.exitCode = await packPackage(PACKAGE_ROOT);
}
