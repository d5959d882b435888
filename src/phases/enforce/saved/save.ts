import { sha256 } from '../../../core/hash.ts';
import { keyedHash } from '../../../core/keyed-hash.ts';
import { Secret } from '../../../core/secret.ts';
import { basisOf, type Basis } from '../../../plan/basis.ts';
import type { Bundle } from '../../../render/release.ts';
import type { Prepared } from '../prepare.ts';
import { PLAN_VERSION, type PlannedHost, type PlanOptions, type PlanProgram, type UnsealedPlan } from './document.ts';

/** The parts of a saved plan that come from the run that made it. */
export interface Making {
  readonly bundle: Bundle;
  readonly options: PlanOptions;
  readonly nowMs: number;
  readonly by: string;
  readonly timestamp: string;
  /** A random word. */
  readonly salt: string;
}

/** The document of the plans of all hosts. It has no secret: the values are hashed with a key that only the host has. */
export function planDocument(prepared: readonly Prepared[], making: Making): UnsealedPlan {
  const { bundle, options, nowMs, by, timestamp, salt } = making;
  return {
    schemaVersion: PLAN_VERSION,
    program: programOf(bundle),
    madeAt: new Date(nowMs).toISOString(),
    madeBy: by,
    timestamp,
    options,
    salt,
    hosts: prepared.map((one) => plannedHost(one, salt)),
  };
}

/** The hxllm of a bundle, as a plan names it. */
export function programOf({ version, committedAt, sha256: gateway }: Bundle): PlanProgram {
  return { name: 'hxllm', version, ...(committedAt === undefined ? {} : { committed: committedAt }), gateway };
}

/** The basis of a host's plan with the hashes of one saved plan, and the hash of the machine. */
export function keyedBasis(
  { desired, actual, identity }: Prepared,
  salt: string,
): Basis & Pick<PlannedHost, 'machine'> {
  if (!identity.known) throw new Error(`a saved plan needs the identity of the host: ${identity.why}`);
  const key = new Secret(`${salt} ${identity.value.reveal()}`);
  const hash = (text: string): string => keyedHash(key, text);
  return { ...basisOf(desired, actual, hash), machine: hash('machine') };
}

function plannedHost(one: Prepared, salt: string): PlannedHost {
  const { machine, facts, wanted, plan } = keyedBasis(one, salt);
  return {
    host: one.host.name,
    machine,
    steps: one.plan.steps.map(({ id, title, detail, verb }) => ({ id, title, detail, verb })),
    files: one.desired.files.map(({ path, content }) =>
      content.kind === 'text' ? { path, sha256: sha256(content.text) } : { path },
    ),
    facts,
    wanted,
    plan,
  };
}
