import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import type { Config, Settings } from '../../../src/config/config.ts';
import type { Build } from '../../../src/core/build.ts';
import { sha256 } from '../../../src/core/hash.ts';
import type { PhaseReport, PhaseTools } from '../../../src/core/phase.ts';
import { ok } from '../../../src/core/problem.ts';
import { keptEvents, type PhaseEvent } from '../../../src/core/recorder.ts';
import { runEnforce, type EnforceOptions } from '../../../src/phases/enforce/run.ts';
import { runUninstall } from '../../../src/phases/enforce/uninstall/run.ts';
import { createLocalHost } from '../../../src/remote/local/host.ts';
import type { Runtime, Shipping } from '../../../src/render/release.ts';
import { quietPort } from '../../port.ts';
import { targetOf } from '../../remote/target.ts';
import { backend, settings } from '../../render/settings.ts';

/** A gateway with everything that enforce relies on: `--check`, readiness on the configured port, an end on SIGTERM. */
export const GATEWAY = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const config = readFileSync(process.argv[process.argv.indexOf('--config') + 1], 'utf8');
if (process.argv.includes('--check')) process.exit(config.includes('model_list') ? 0 : 78);
if (!process.env.LITELLM_MASTER_KEY) { console.error('no key'); process.exit(78); }
const [, host, port] = /listen: (.*):(\\d+)/.exec(config);
const server = createServer((request, response) => { response.writeHead(request.url.startsWith('/health/readiness') ? 200 : 404); response.end(process.env.LITELLM_MASTER_KEY); });
process.on('SIGTERM', () => { server.close(); server.closeAllConnections(); });
server.listen(Number(port), host);
`;

let runtime: Runtime | undefined;

/** Ships a given bundle and the Node.js that runs this test. */
export function shippingOf(bundle: string, build: Build = { version: '0.0.1', committedAt: undefined }): Shipping {
  return {
    bundle: () => Promise.resolve(ok({ ...build, content: bundle, sha256: sha256(bundle) })),
    runtime: (architecture) => {
      const content = runtime === undefined ? readFileSync(execPath) : undefined;
      runtime ??= {
        version: process.versions.node,
        architecture,
        file: execPath,
        sha256: sha256(content ?? ''),
        sizeBytes: content?.length ?? 0,
      };
      return Promise.resolve(ok(runtime));
    },
  };
}

/**
 * A host hashes the 120 MB of its runtime in each run. OpenSSL does that with the instructions of the processor, and Debian's sha256sum without: it
 * would take half of the CPU time of these tests.
 */
const SHA256SUM = `#!/bin/bash
[ $# = 0 ] || exec /usr/bin/sha256sum "$@"
sum=$(openssl dgst -sha256 -r) && echo "\${sum%% *}  -"
`;

/** A folder with that program, which goes with this process. */
function makePrograms(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-programs-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'sha256sum'), SHA256SUM, { mode: 0o755 });
  return folder;
}

const OPENSSL = existsSync('/usr/bin/openssl');

/** The environment of a host's commands. */
const environment = OPENSSL ? { ...process.env, PATH: `${makePrograms()}:${process.env['PATH'] ?? ''}` } : process.env;

/** A phase's report with all its events and documents. */
export interface Seen extends PhaseReport {
  readonly events: readonly PhaseEvent[];
  readonly files: ReadonlyMap<string, string>;
}

/** Ids of the steps that were reported in a state, in order. */
export function stepsOf({ events }: Seen, state: string): readonly string[] {
  return events
    .flatMap(keptEvents)
    .flatMap((event) => (event.kind === 'step' && event.state === state ? [event.id] : []));
}

/** A host below a temporary folder, worked on by a real bash as the current user. */
export interface Stage extends AsyncDisposable {
  readonly prefix: string;
  readonly port: number;
  enforce(
    bundle: string,
    over?: Partial<Settings>,
    options?: Partial<EnforceOptions> & { readonly build?: Build },
    tools?: Partial<PhaseTools>,
  ): Promise<Seen>;
  uninstall(options?: { readonly dryRun?: boolean; readonly over?: Partial<Settings> }): Promise<Seen>;
  /** The answer of readiness, or the error. */
  ask(): Promise<string>;
}

/** Makes a stage. Disposing of it stops the gateway that runs there. */
export async function makeStage(): Promise<Stage> {
  const parent = mkdtempSync(join(tmpdir(), 'hxllm-enforce-'));
  const prefix = join(parent, 'host');
  const port = await quietPort();
  const configOf = (over: Partial<Settings>): Config => {
    const target = targetOf({ name: 'stage', connection: 'local' });
    const desired = settings({
      serviceManager: 'process',
      prefix,
      port,
      listen: '127.0.0.1',
      backends: [backend('http://127.0.0.1:9')],
      ...over,
    });
    return {
      inventories: ['/inventory'],
      inventoryFile: '/inventory',
      variablesFolder: '/',
      groupDefined: true,
      hosts: [{ target, become: 'none', settings: desired, origins: {} }],
      allHosts: ['stage'],
      candidates: [],
      files: [],
      warnings: [],
    };
  };
  const watched = async (
    work: (tools: PhaseTools) => Promise<PhaseReport>,
    over: Partial<PhaseTools> = {},
  ): Promise<Seen> => {
    const events: PhaseEvent[] = [];
    const files = new Map<string, string>();
    const report = await work({
      connect: () => Promise.resolve(ok(createLocalHost('stage', environment))),
      recorder: {
        event: (event) => events.push(event),
        file: (path, content) => files.set(path, typeof content === 'string' ? content : JSON.stringify(content)),
      },
      confirm: () => Promise.resolve(true),
      signal: new AbortController().signal,
      nowMs: () => Date.now(),
      ...over,
    });
    return { ...report, events, files };
  };
  const uninstall: Stage['uninstall'] = ({ dryRun = false, over = {} } = {}) =>
    watched((tools) => runUninstall(configOf(over), { dryRun }, tools));
  return {
    prefix,
    port,
    enforce: (bundle, over = {}, { build, ...options } = {}, tools = {}) => {
      const all = { dryRun: false, takeOver: false, allowDowngrade: false, verify: false, ...options };
      return watched((own) => runEnforce(configOf(over), shippingOf(bundle, build), all, own), tools);
    },
    uninstall,
    ask: () =>
      fetch(`http://127.0.0.1:${String(port)}/health/readiness`).then(
        (response) => response.text(),
        (error: unknown) => String(error),
      ),
    [Symbol.asyncDispose]: async () => {
      if (existsSync(prefix)) await uninstall();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
