import type { Connect } from './host.ts';
import type { Problem } from './problem.ts';
import type { Recorder } from './recorder.ts';
import type { CheckResult } from './verdict.ts';

/** The five phases. */
export type PhaseName = 'preflight' | 'inventory' | 'validate' | 'enforce' | 'smoke';

/** The description of a phase. */
export interface PhaseRecord<Name extends string = PhaseName> {
  readonly name: Name;
  /** The question that the phase answers, shown in its first line. */
  readonly question: string;
  readonly reads: string;
  readonly leaves: string;
  /** Titles of the families of its checks. A phase that has them has many checks, and its output is folded by family. */
  readonly families?: Readonly<Record<string, string>>;
}

/** The tools of a phase. It uses nothing else of the outside. */
export interface PhaseTools {
  readonly connect: Connect;
  readonly recorder: Recorder;
  /** Asks the operator for agreement; `true` without asking under `--yes` or without a terminal. */
  readonly confirm: (proposal: ConfirmRequest) => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  /** How many hosts are worked on at once (`--forks`, or `forks` of ansible.cfg). */
  readonly forks?: number;
  /** The operator and the machine, as the lock of a host names its holder: `ada@workstation`. */
  readonly by?: string;
  /** This run in the evidence, and the manifest that the evidence's chain ended with before it. */
  readonly run?: { readonly name: string; readonly before: string | undefined };
  /**
   * Takes an act that follows when the evidence of the run is closed, with the SHA-256 of its manifest. It returns its warnings. Without
   * this tool such acts follow at the end of the work.
   */
  readonly whenClosed?: (act: (manifest: string | undefined) => Promise<readonly string[]>) => void;
  /** Ids in the hosts' own records of earlier runs that were cut off and are not closed yet. */
  readonly cutOff?: readonly string[];
}

/** A question to the operator before something is changed. */
export interface ConfirmRequest {
  /** `Apply 12 changes to hx-api-server?` */
  readonly question: string;
}

/**
 * The end of a phase. `pending`: a dry run found differences. `declined`: the operator said no, and nothing was changed.
 * `failed`: a check of severity error failed or is unknown, a step failed, or there are problems.
 */
export interface PhaseReport {
  readonly ending: 'passed' | 'failed' | 'pending' | 'declined' | 'aborted';
  readonly results: readonly CheckResult[];
  readonly problems: readonly Problem[];
  /** The number of applied changes; in a dry run, of planned ones. */
  readonly changes: number;
}
