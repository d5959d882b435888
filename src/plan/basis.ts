import { Secret } from '../core/secret.ts';
import type { Desired } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import { planHost } from './host-plan.ts';
import type { Plan } from './plan.ts';
import { PARTS, watchReads, type Leaf } from './reads.ts';

/** One value that a plan rests on. */
export interface Fact {
  /** Its place: `installation`, `entries`, `/etc/litellm/config.yaml`, `mode`. */
  readonly path: readonly string[];
  readonly hash: string;
  /** The value itself, only where it can be no secret: for messages. `null`: nothing. */
  readonly value?: string | number | boolean | null;
}

/** Everything that a plan rests on. Equal facts and equal wanted values give an equal plan, since a plan is a pure function of them. */
export interface Basis {
  /** The parts of the host's state that were read. */
  readonly facts: readonly Fact[];
  /** The parts of the desired state that were read: of the variables, the rendered files and the release. */
  readonly wanted: readonly Fact[];
  /** The hash of the plan with its actions. */
  readonly plan: string;
}

/** The state of a run, and not of the host: two runs that plan the same differ in it. */
const OF_THE_RUN = {
  timestamp: '',
  origin: { at: undefined, who: undefined, from: undefined },
} as const satisfies Partial<Actual>;

/** The way of a file to the host, and no property of the host's state. */
const OF_THE_WAY: ReadonlySet<string> = new Set(['compress', 'release.runtime.file', 'release.runtime.packed']);

/**
 * The basis of the plan for a host. It is found by watching what {@link planHost} reads, so no fact can be forgotten. `hash` has to be keyed:
 * some values are secrets, or hashes of files with a secret.
 */
export function basisOf(desired: Desired, actual: Actual, hash: (text: string) => string): Basis {
  const [facts, wanted] = [new Map<string, Fact>(), new Map<string, Fact>()];
  const noting =
    (all: Map<string, Fact>) =>
    (path: readonly string[], leaf: Leaf): void => {
      if (OF_THE_WAY.has(path.join('.'))) return;
      const value = shownValue(path, leaf);
      all.set(JSON.stringify(path), {
        path,
        hash: hash(`${JSON.stringify(path)} ${leafText(leaf)}`),
        ...(value === undefined ? {} : { value }),
      });
    };
  const plan = planHost(watchReads(desired, noting(wanted)), watchReads({ ...actual, ...OF_THE_RUN }, noting(facts)));
  // The plan holds views too: writing it out reads the rest.
  const text = planText(plan);
  return { facts: [...facts.values()], wanted: [...wanted.values()], plan: hash(text) };
}

/** A plan as a text with everything that it does on the host. It has the secrets in it. */
function planText(plan: Plan): string {
  return partText({
    ...plan,
    steps: plan.steps.map((step) => ({
      ...step,
      actions: step.actions.map((action) =>
        action.kind === 'upload' ? { ...action, source: undefined, compress: undefined } : action,
      ),
    })),
  });
}

function partText(part: unknown): string {
  if (part instanceof Secret || part === null || typeof part !== 'object') return leafText(part);
  if (Array.isArray(part)) return `[${part.map(partText).join(',')}]`;
  return `{${Object.entries(part)
    .map(([name, value]) => `${JSON.stringify(name)}:${partText(value)}`)
    .join(',')}}`;
}

function leafText(leaf: unknown): string {
  if (leaf instanceof Secret) return `secret ${String(leaf.reveal())}`;
  if (leaf === PARTS) return 'parts';
  return leaf === undefined ? 'nothing' : JSON.stringify(leaf);
}

/** Words of states, names and paths. Any other text may hold something of the operator's. */
const SHOWN: ReadonlySet<string> = new Set([
  'active',
  'configDir',
  'current',
  'enabled',
  'group',
  'id',
  'installDir',
  'kind',
  'listen',
  'load',
  'owner',
  'serviceManager',
  'user',
  'version',
]);

function shownValue(path: readonly string[], leaf: Leaf): Fact['value'] {
  if (leaf === undefined || leaf === null) return null;
  if (typeof leaf === 'number' || typeof leaf === 'boolean') return leaf;
  const isWord = typeof leaf === 'string' && SHOWN.has(path.at(-1) ?? '') && /^[\w.@:/+-]{1,200}$/.test(leaf);
  return isWord ? leaf : undefined;
}
