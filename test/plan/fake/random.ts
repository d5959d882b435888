import { pathsOf, type Settings } from '../../../src/config/config.ts';
import { sha256 } from '../../../src/core/hash.ts';
import { Secret } from '../../../src/core/secret.ts';
import { planHost } from '../../../src/plan/host-plan.ts';
import { renderHostFiles } from '../../../src/render/host-files.ts';
import { renderRelease } from '../../../src/render/release-files.ts';
import type { Desired } from '../../../src/render/desired.ts';
import { settings } from '../../render/settings.ts';
import { FakeHost, operationsOf, RUNTIME } from './fake-host.ts';
import { look } from './look.ts';

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const releases = new Map<string, Desired['release']>();

/** A desired state without systemd, whose release is a few bytes long. */
export function desiredWith(over: Partial<Settings>, bundle: string): Desired {
  const all = settings({ serviceManager: 'process', prefix: '/p', ...over });
  const files = renderHostFiles(all, all.masterKey.state === 'set' ? { key: all.masterKey.key } : { why: 'locked' });
  const key = JSON.stringify([all.installDir, bundle]);
  const known = releases.get(key);
  const made = renderRelease(
    all,
    { version: '1.0.0', committedAt: undefined, content: bundle, sha256: sha256(bundle) },
    { version: '24.21.0', architecture: 'x64', file: '/node', sha256: sha256(RUNTIME), sizeBytes: RUNTIME.length },
  );
  if (!files.ok || !made.ok) throw new Error('it does not render');
  const release = known ?? made.value;
  releases.set(key, release);
  return { settings: all, paths: pathsOf(all), files: files.value, release, compress: false };
}

/** A deployment as an operator may have wanted it one day. */
export function randomDesired(random: () => number): Desired {
  const one = <T>(...of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0];
  return desiredWith(
    {
      port: one(4000, 4000, 4001),
      routingStrategy: one('least-busy', 'least-busy', 'simple-shuffle'),
      configDir: one('/etc/litellm', '/etc/litellm', '/srv/conf'),
      installDir: one('/opt/litellm', '/opt/litellm', '/srv/app', '/srv/conf/app'),
      masterKey: { state: 'set', key: new Secret(`sk-${one('a1', 'b2').repeat(32)}`), where: {} },
    },
    one('gateway', 'gateway', 'a later gateway'),
  );
}

/** The whole plan, or its first operations, as if the power went. */
export function applyTo(host: FakeHost, desired: Desired, operations = Number.POSITIVE_INFINITY): void {
  for (const { run } of operationsOf(planHost(desired, look(host, desired))).slice(0, operations)) run(host);
}

const DAMAGES: readonly ((host: FakeHost, random: () => number) => void)[] = [
  (host, random) => host.removeTree(pick(host, random)),
  (host, random) => {
    const path = pick(host, random);
    const node = host.nodes.get(path);
    if (node !== undefined && node.kind !== 'link')
      host.nodes.set(path, { ...node, mode: [0o600, 0o644, 0o700, 0o755, 0o777][Math.floor(random() * 5)] ?? 0 });
  },
  (host, random) => {
    const path = pick(host, random);
    const node = host.nodes.get(path);
    // The marker's lines are hxllm's own words: a change by hand is a loss of it.
    if (node?.kind === 'file' && !path.endsWith('/.hxllm'))
      host.nodes.set(path, { ...node, text: `${node.text}# by hand\n` });
  },
  (host) => {
    host.running = undefined;
  },
  (host) => {
    if (host.running !== undefined) host.running = { ...host.running, config: 'of a restart by hand' };
  },
  (host, random) => {
    const path = pick(host, random);
    if (host.nodes.get(path)?.kind === 'file')
      host.nodes.set(`${path}.hxllm-new`, { kind: 'file', mode: 0o600, text: 'of a power cut' });
  },
];

// Not the roots, which belong to everybody.
function pick(host: FakeHost, random: () => number): string {
  const paths = [...host.nodes.keys()].filter((path) => path.split('/').length > 3);
  return paths[Math.floor(random() * paths.length)] ?? '/nothing';
}

/** A host that had up to three deployments, some cut off, and to which things happened. */
export function randomHost(random: () => number): FakeHost {
  const host = new FakeHost();
  const deployments = Math.floor(random() * 4);
  for (let count = 0; count < deployments; count += 1) {
    applyTo(host, randomDesired(random), random() < 0.4 ? Math.floor(random() * 30) : undefined);
    const damages = Math.floor(random() * 4);
    for (let damage = 0; damage < damages; damage += 1) DAMAGES[Math.floor(random() * DAMAGES.length)]?.(host, random);
  }
  return host;
}
