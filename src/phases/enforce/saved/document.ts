import { sha256 } from '../../../core/hash.ts';
import type { StepVerb } from '../../../core/recorder.ts';
import type { Fact } from '../../../plan/basis.ts';

/** The version of the format of a saved plan. */
export const PLAN_VERSION = 1;

/** A saved plan without its seal: the changes of each host, and everything that they rest on. It has no secret. */
export interface UnsealedPlan {
  readonly schemaVersion: typeof PLAN_VERSION;
  readonly program: PlanProgram;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  /** `ada@workstation`. */
  readonly madeBy: string;
  /** Names the folder for what is taken over. */
  readonly timestamp: string;
  readonly options: PlanOptions;
  /** A random word in the keys of all hashes. */
  readonly salt: string;
  readonly hosts: readonly PlannedHost[];
}

/** A saved plan. */
export interface SavedPlan extends UnsealedPlan {
  /** The SHA-256 of all else. */
  readonly sha256: string;
}

/** The hxllm that made a plan. */
export interface PlanProgram {
  readonly name: 'hxllm';
  readonly version: string;
  /** The date of its commit, if that is known. */
  readonly committed?: string;
  /** The SHA-256 of the gateway that it sends. */
  readonly gateway: string;
}

/** The options of the command line that a plan depends on. */
export interface PlanOptions {
  readonly takeOver: boolean;
  readonly allowDowngrade: boolean;
}

/** The plan of one host. All hashes but those of `files` are keyed with a number that only the host has. */
export interface PlannedHost {
  readonly host: string;
  /** The hash of the machine's own number. */
  readonly machine: string;
  /** The steps as they were shown; none if nothing differs. */
  readonly steps: readonly PlannedChange[];
  /** The files as they will be. A file with a secret has no hash. */
  readonly files: readonly { readonly path: string; readonly sha256?: string }[];
  readonly facts: readonly Fact[];
  readonly wanted: readonly Fact[];
  /** The hash of the steps with all that they do. */
  readonly plan: string;
}

/** A step as a person reads it. */
export interface PlannedChange {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly verb: StepVerb;
}

/** Adds the seal, by which damage and edits are found. */
export function sealPlan(plan: UnsealedPlan): SavedPlan {
  return { ...plan, sha256: sealOf(plan) };
}

/** The SHA-256 of a plan without its seal. Blanks and line ends of the file do not count. */
export function sealOf(plan: object): string {
  return sha256(JSON.stringify({ ...plan, sha256: undefined }));
}
