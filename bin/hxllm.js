#!/usr/bin/env node
// Plain JavaScript that any Node from 12.20 on parses. Node 24.2 is the first that has all the program leans on (types
// stripped, import.meta.main, node:sqlite); an older one hands over to the pinned runtime that npm installed beside it.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const inRepository = existsSync(join(root, 'src/cli/main.ts'));
const version = process.versions.node.split('.').map(Number);

function giveUp(what, fix) {
  process.stderr.write('hxllm: ' + what + ': ' + fix + '\n');
  process.exitCode = 1;
}

// Most of a start is to read and compile fifty files. Node keeps the result beside the packages, where it may write.
function keepCompiled() {
  const packages = join(root, 'node_modules');
  if (!inRepository || existsSync(packages)) nodeModule.enableCompileCache(join(packages, '.cache/hxllm/compiled'));
}

function importProgram() {
  keepCompiled();
  const program = join(root, inRepository ? 'src/cli/main.ts' : 'dist/cli/main.js');
  const loaded = import(pathToFileURL(program).href).then(({ main }) => main(process.argv.slice(2)));
  loaded.then(
    (code) => {
      process.exitCode = code;
    },
    (error) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND' || !inRepository || existsSync(join(root, 'node_modules'))) throw error;
      giveUp('its packages are not installed', 'cd ' + root + ' && npm ci');
    },
  );
}

function handOver() {
  const here = 'this is Node ' + process.versions.node + ', and hxllm needs 24.2 or newer';
  const carrier = 'node-linux-' + process.arch;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    giveUp(here, 'install Node 24 from https://nodejs.org (hxllm brings one for Linux on x64 and arm64 alone)');
    return;
  }
  let runtime = join(root, 'runtimes', carrier, 'bin/node');
  try {
    if (!existsSync(runtime))
      runtime = join(dirname(nodeModule.createRequire(import.meta.url).resolve(carrier + '/package.json')), 'bin/node');
  } catch {
    giveUp(
      here + '; the one it brings, ' + carrier + ', is not installed',
      inRepository
        ? 'cd ' + root + ' && npm ci --include=optional'
        : 'install hxllm again with npm’s --include=optional',
    );
    return;
  }
  // Only an old Node needs it.
  void import('node:child_process').then(({ spawn }) => {
    startWith(spawn, runtime, here);
  });
}

function startWith(spawn, runtime, here) {
  const child = spawn(runtime, process.argv.slice(1), { stdio: 'inherit' });
  child.on('error', (error) => {
    // The kernel says ENOENT of a file that is there when the loader it names (glibc's) is not.
    const why =
      error.code === 'ENOENT' && existsSync(runtime)
        ? runtime + ' needs glibc, which this system lacks (musl?)'
        : runtime + ' does not start (' + error.code + ')';
    giveUp(here + '; ' + why, 'install Node 24 from your distribution or https://nodejs.org');
  });
  const forward = (signal) => {
    // On a terminal Ctrl-C and Ctrl-\ reach the whole process group, the child included; once is enough.
    if (!process.stdin.isTTY || (signal !== 'SIGINT' && signal !== 'SIGQUIT')) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  signals.forEach((signal) => process.on(signal, forward));
  child.on('exit', (code, signal) => {
    signals.forEach((name) => process.removeListener(name, forward));
    // Ends as the child did, so that a shell sees the same code or the same signal.
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
}

if (version[0] > 24 || (version[0] === 24 && version[1] >= 2)) importProgram();
else handOver();
