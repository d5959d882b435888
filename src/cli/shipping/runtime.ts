import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { errorMessage } from '../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Architecture, Runtime } from '../../render/release.ts';
import { machineOf } from './elf.ts';
import { MADE_AGAIN, PACKAGE_ROOT, RUNTIMES } from './package-root.ts';
import type { PinnedRuntime } from './pinned-runtimes.ts';
import { identityOf, keepReading, readBefore, type Reading } from './read-before.ts';

/** The pinned runtime of each architecture. */
export type Pins = Readonly<Record<Architecture, PinnedRuntime>>;

/**
 * Finds the pinned Node.js for an architecture: the file of `--runtime` if it fits, else the package that npm installed. A file with
 * another SHA-256 than the pinned one is a Problem.
 */
export async function findRuntime(
  architecture: Architecture,
  named: string | undefined,
  pins: Pins,
): Promise<Result<Runtime>> {
  const pinned = pins[architecture];
  const installed = installedFile(architecture);
  if (named !== undefined) {
    const judged = await judgeNamed(resolve(named), architecture, pinned);
    // In a fleet with two architectures, the file is for one and the installed package for the other.
    if (judged.ok || judged.problems[0].code !== 'runtime.other-architecture' || installed === undefined) return judged;
  }
  if (installed === undefined) return fail(missing(architecture, pinned.version));
  try {
    return judgeBytes(installed, await readRuntime(installed), architecture, pinned);
  } catch (error) {
    return fail(unreadable(installed, error));
  }
}

async function judgeNamed(file: string, architecture: Architecture, pinned: PinnedRuntime): Promise<Result<Runtime>> {
  try {
    const machine = await machineOf(file);
    if (machine !== architecture) return fail(otherMachine(file, machine, architecture, pinned.version));
    const runtime = await readRuntime(file);
    if (runtime.version !== pinned.version)
      return fail(otherVersion(file, runtime.version, architecture, pinned.version));
    return judgeBytes(file, runtime, architecture, pinned);
  } catch (error) {
    return fail(unreadable(file, error));
  }
}

function judgeBytes(
  file: string,
  { version, sha256, sizeBytes }: Reading,
  architecture: Architecture,
  pinned: PinnedRuntime,
): Result<Runtime> {
  if (sha256 === pinned.sha256)
    return ok({ version, architecture, file, sha256, sizeBytes, packed: join(MADE_AGAIN, `node-${sha256}.gz`) });
  return fail({
    code: 'runtime.changed',
    summary: 'the Node.js to send is not the one that belongs to this hxllm',
    detail: `Expected Node.js ${pinned.version} for linux-${architecture} with the SHA-256 ${pinned.sha256}, found ${sha256} (${String(sizeBytes)} bytes). The file is damaged, or somebody changed it. Nothing is sent.`,
    fix: fetching(architecture, pinned.version),
    where: { file },
  });
}

// Ten hosts ask for the same file at once.
const readings = new Map<string, Promise<Reading>>();

async function readRuntime(file: string): Promise<Reading> {
  const identity = await identityOf(file);
  const known = readings.get(identity) ?? readBefore(identity).then((before) => before ?? readAll(file, identity));
  readings.set(identity, known);
  return known;
}

async function readAll(file: string, identity: string): Promise<Reading> {
  const hash = createHash('sha256');
  let [version, tail, sizeBytes] = ['', '', 0];
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    // A stream without an encoding yields bytes.
    const bytes = chunk as Buffer;
    hash.update(bytes);
    sizeBytes += bytes.length;
    if (version !== '') continue;
    // process.release.sourceUrl is in every official build. A program of another architecture cannot be run to ask it.
    const text = tail + bytes.toString('latin1');
    version = /node-v(\d+\.\d+\.\d+)\.tar\.gz/.exec(text)?.[1] ?? '';
    tail = text.slice(-64);
  }
  const reading = { version, sha256: hash.digest('hex'), sizeBytes };
  // A file that was written meanwhile may have other bytes by now.
  if ((await identityOf(file)) === identity) await keepReading(identity, reading);
  return reading;
}

function installedFile(architecture: Architecture): string | undefined {
  const packed = join(PACKAGE_ROOT, RUNTIMES, carrierOf(architecture), 'bin/node');
  if (existsSync(packed)) return packed;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${carrierOf(architecture)}/package.json`)), 'bin/node');
  } catch {
    return undefined;
  }
}

/** The npm package with the Node.js of an architecture. */
export function carrierOf(architecture: Architecture): string {
  return `node-linux-${architecture}`;
}

function fetching(architecture: Architecture, pinned: string): string {
  const name = `${carrierOf(architecture)}-${pinned}`;
  return `npm pack ${carrierOf(architecture)}@${pinned} && mkdir -p ${name} && tar -xzf ${name}.tgz -C ${name} --strip-components=1 package/bin/node  # then the same command with --runtime ${name}/bin/node; without internet: install the file of npm run pack -- --offline, which has both`;
}

function missing(architecture: Architecture, pinned: string): Problem {
  return {
    code: 'runtime.missing',
    summary: `the Node.js for a host with ${architecture} is not on this machine`,
    detail: `Expected Node.js ${pinned} for linux-${architecture} from the npm package ${carrierOf(architecture)}, found no such package. npm installs only the one for this machine's own architecture, and none with --omit=optional.`,
    fix: fetching(architecture, pinned),
  };
}

function otherMachine(
  file: string,
  machine: Awaited<ReturnType<typeof machineOf>>,
  architecture: Architecture,
  pinned: string,
): Problem {
  const seen =
    machine === undefined
      ? 'a file that is not an ELF program'
      : typeof machine === 'string'
        ? `a program for ${machine}`
        : `a program for another machine (e_machine ${String(machine.other)})`;
  return {
    code: typeof machine === 'string' ? 'runtime.other-architecture' : 'runtime.not-a-runtime',
    summary: `the file given with --runtime is not for ${architecture}`,
    detail: `Expected Node.js ${pinned} for linux-${architecture}, found ${seen}.`,
    fix: fetching(architecture, pinned),
    where: { file },
  };
}

function otherVersion(file: string, version: string, architecture: Architecture, pinned: string): Problem {
  return {
    code: 'runtime.other-version',
    summary: 'the file given with --runtime is another version of Node.js than hxllm ships',
    detail: `Expected Node.js ${pinned}, found ${version === '' ? 'a program without a version of Node.js' : `Node.js ${version}`}.`,
    fix: fetching(architecture, pinned),
    where: { file },
  };
}

function unreadable(file: string, error: unknown): Problem {
  return {
    code: 'runtime.unreadable',
    summary: 'the runtime to ship cannot be read',
    detail: errorMessage(error),
    fix: `ls -l ${file}`,
    where: { file },
  };
}
