import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fail, ok, type Problem, type Result } from '../../src/core/problem.ts';
import { down, openLab, up } from './lab.ts';
import { isClean } from './leftovers.ts';
import { takeLease } from './lease.ts';
import { PLACES, STATE } from './place.ts';
import { findUnfitness, type OllamaKind } from './requirements.ts';

const USAGE = `usage: npm run lab -- up [--ollama sim|real] [--directory]   boot three real Debian hosts on this machine, and a domain controller
       npm run lab -- status                     what is up
       npm run lab -- ssh HOST [-- COMMAND …]    log in as deploy, or run a command there
       npm run lab -- down                       remove everything, also what was interrupted`;

const say = (line: string): void => {
  process.stderr.write(`lab: ${line}\n`);
};

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  if (command === 'up') return runUp(rest);
  if (command === 'down' && rest.length === 0) return withLease(runDown);
  if (command === 'status' && rest.length === 0) return showStatus();
  if (command === 'ssh') return runSsh(rest);
  process.stderr.write(`${USAGE}\n`);
  return 64;
}

function runUp(rest: readonly string[]): Promise<number> {
  const options = optionsOf(rest);
  if (!options.ok) return Promise.resolve(show(options.problems));
  return withLease(async (signal) => {
    const startedMs = performance.now();
    const lab = await up({ ...options.value, signal, say });
    if (!lab.ok) return show(lab.problems);
    say(`up after ${((performance.now() - startedMs) / 1000).toFixed(1)} s; end it with npm run lab -- down`);
    return showStatus();
  });
}

async function runDown(): Promise<number> {
  const found = await down();
  say(isClean(found) ? 'nothing was there' : 'everything is removed; the images stay in /var/cache/hxllm-lab');
  return 0;
}

function showStatus(): number {
  const lab = openLab();
  if (lab === undefined) {
    process.stdout.write('the lab is down; npm run lab -- up boots it\n');
    return 1;
  }
  for (const { name, address, role } of lab.hosts)
    process.stdout.write(
      `${name.padEnd(16)} ${address}  ${role === 'llm' ? `Ollama (${lab.ollama}) on port 11434` : 'bare'}\n`,
    );
  process.stdout.write(
    `inventory: test/lab/inventories/dev.ini, vault password: test/lab/vault-password, key and known_hosts: ${STATE}\n`,
  );
  return 0;
}

function runSsh(rest: readonly string[]): number {
  const [name = '', ...words] = rest;
  const lab = openLab();
  if (lab === undefined) return showStatus();
  const host = lab.hosts.find((each) => each.name === name);
  if (host === undefined) {
    return show([
      {
        code: 'usage.no-such-host',
        summary: `the lab has no host ${name}`,
        detail: `expected one of ${PLACES.map((each) => each.name).join(', ')}, found ${name === '' ? 'none' : name}`,
        fix: 'npm run lab -- ssh hx-api-server',
      },
    ]);
  }
  const [program = '', ...options] = host.sshCommand(...(words[0] === '--' ? words.slice(1) : words));
  return spawnSync(program, options, { stdio: 'inherit' }).status ?? 1;
}

/** Runs a command that changes the lab: alone, and to a clean end on Ctrl-C or SIGTERM. */
async function withLease(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const unfit = findUnfitness();
  if (unfit !== undefined) return show([unfit]);
  const lease = takeLease();
  if (!lease.ok) return show(lease.problems);
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      say('stopping and removing the unfinished lab');
      controller.abort();
    });
  }
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) return 130;
    process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`);
    return 70;
  } finally {
    lease.value.release();
  }
}

function optionsOf(rest: readonly string[]): Result<{ readonly ollama: OllamaKind; readonly directory: boolean }> {
  try {
    const { ollama, directory } = parseArgs({
      args: [...rest],
      options: { ollama: { type: 'string', default: 'sim' }, directory: { type: 'boolean', default: false } },
    }).values;
    if (ollama === 'sim' || ollama === 'real') return ok({ ollama, directory });
    return fail(wrong(`--ollama ${ollama}`));
  } catch (error) {
    return fail(wrong(error instanceof Error ? error.message : String(error)));
  }
}

function wrong(found: string): Problem {
  return {
    code: 'usage.option',
    summary: 'invalid command for the lab',
    detail: `expected up, up --ollama sim or up --ollama real, found: ${found}`,
    fix: 'npm run lab -- up',
  };
}

function show(problems: readonly Problem[]): number {
  for (const { summary, detail, fix } of problems)
    process.stderr.write(`lab: ${summary}\n     ${detail}\n     fix: ${fix}\n`);
  return problems.some(({ code }) => code.startsWith('usage.'))
    ? 64
    : problems.some(({ code }) => code.startsWith('permission.'))
      ? 77
      : 1;
}
