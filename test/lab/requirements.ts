import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import { fail, ok, type Problem, type Result } from '../../src/core/problem.ts';
import { BRIDGE } from './place.ts';

/** The Ollama of the llm hosts. */
export type OllamaKind = 'sim' | 'real';

/** The real server, and the tiny model for it. */
export interface RealOllama {
  readonly binary: string;
  readonly weights: string;
  readonly modelfile: string;
}

/** The requirement of a lab that this machine lacks, before anything is changed; `undefined` if it lacks none. */
export function findUnfitness(): Problem | undefined {
  const system = readSystem();
  if (process.platform !== 'linux' || system !== 'debian') {
    return problem(
      'lab.not-debian',
      'the lab needs Debian',
      'a Debian machine, whose mirror the hosts are built from',
      system === '' ? process.platform : system,
      'run it in a Debian 12 virtual machine',
    );
  }
  if (process.getuid?.() !== 0) {
    return problem(
      'permission.not-root',
      'the lab needs root',
      'root, to mount disks and create network namespaces',
      `user id ${String(process.getuid?.())}`,
      'sudo env PATH="$PATH" npm run lab -- up',
    );
  }
  const taken = Object.entries(networkInterfaces()).find(
    ([name, addresses]) => name !== BRIDGE && addresses?.some(({ address }) => address.startsWith('10.77.0.')),
  );
  if (taken !== undefined) {
    return problem(
      'lab.network-taken',
      'the network 10.77.0.0/24 is in use',
      'it to be free for the lab’s bridge',
      `an address of it on ${taken[0]}`,
      `ip addr show dev ${taken[0]}`,
    );
  }
  return undefined;
}

/** Finds the real Ollama (HXLLM_OLLAMA_BIN, else `ollama` on the path) and the tiny model beside it. */
export function findRealOllama(): Result<RealOllama> {
  const binary = findOllamaBinary();
  if (binary === undefined) {
    return fail(
      problem(
        'lab.no-ollama',
        'no real Ollama found',
        'its binary in HXLLM_OLLAMA_BIN or on the path',
        'neither',
        'npm run lab -- up --ollama sim',
      ),
    );
  }
  const folder = join(binary, '..');
  const real = { binary, weights: join(folder, 'tiny.gguf'), modelfile: join(folder, 'tiny.Modelfile') };
  const absent = [real.weights, real.modelfile].find((path) => !existsSync(path));
  if (absent !== undefined) {
    return fail(
      problem(
        'lab.no-model',
        'no tiny model found beside the real Ollama',
        `tiny.gguf and tiny.Modelfile in ${folder}`,
        `no ${absent}`,
        'npm run lab -- up --ollama sim',
      ),
    );
  }
  return ok(real);
}

/** Why lab tests do not run here; `undefined` if they do. They change the machine, so they need consent. */
export function labTestsLeftOut(): string | undefined {
  if (process.env['CI'] !== 'true' && process.env['HXLLM_LAB'] !== '1')
    return 'the lab is off; HXLLM_LAB=1 npm test runs it, as root on Debian';
  const unfit = findUnfitness();
  return unfit === undefined ? undefined : `${unfit.summary}: ${unfit.detail}`;
}

/** The real Ollama: HXLLM_OLLAMA_BIN, else `ollama` on the path. */
export function findOllamaBinary(): string | undefined {
  const named = process.env['HXLLM_OLLAMA_BIN'];
  if (named !== undefined && named !== '') return existsSync(named) ? named : undefined;
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'ollama'))
    .find((path) => existsSync(path));
}

/** The system's name in os-release; systems that are only like Debian have other mirrors. */
function readSystem(): string {
  if (!existsSync('/etc/os-release')) return '';
  return /^ID="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
}

function problem(code: string, summary: string, expected: string, found: string, fix: string): Problem {
  return { code, summary, detail: `expected ${expected}, found ${found}`, fix };
}
