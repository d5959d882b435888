import type { ListedModel, BackendReply } from '../../../facts/ollama.ts';
import type { BackendDetails } from '../../../facts/ollama-details.ts';
import type { Fact } from '../../../facts/question.ts';
import type { ServiceHealth } from '../../../facts/service-health.ts';
import type { FleetDocument } from '../../../schema/fleet-document.ts';
import type { CheckResult } from '../../../core/verdict.ts';
import type { Exchange } from '../exchange.ts';
import type { ProbeResults } from '../probe-results.ts';
import type { SmokeTarget } from '../target.ts';

/** The end of a doctor's work: one cause with its evidence, and the command that comes next. */
export interface Diagnosis {
  /** Stable; `healthy` if there is nothing to treat. */
  readonly id: string;
  /** `warning`: the gateway serves, and some requests of people will not do what they expect. */
  readonly severity: 'error' | 'warning' | 'none';
  readonly summary: string;
  /** Facts that were seen, each in a line. */
  readonly evidence: readonly string[];
  /** The command to type next; empty if there is nothing to do. */
  readonly next: string;
}

/** The symptoms over HTTP, from the operator's machine. */
export interface OutsideSymptoms {
  readonly seen: ProbeResults;
  readonly results: readonly CheckResult[];
  /** `undefined` if the server has none. */
  readonly fleet: FleetDocument | undefined;
  readonly exchanges: readonly Exchange[];
}

/** A server as the host of the gateway sees it. */
export interface BackendSymptoms {
  readonly url: string;
  readonly version: Fact<BackendReply<string>>;
  readonly models: Fact<BackendReply<readonly ListedModel[]>>;
  readonly details: Fact<BackendDetails | undefined>;
}

/** The symptoms on the host. */
export interface HostSymptoms {
  readonly service: Fact<ServiceHealth>;
  /** Addresses that listen on the gateway's port. */
  readonly listeners: Fact<readonly string[]>;
  readonly backends: readonly BackendSymptoms[];
}

/** The state that the operator's files ask for. */
export interface ExpectedState {
  readonly serviceManager: 'systemd' | 'process';
  readonly port: number;
  readonly configFile: string;
  readonly envFile: string;
  readonly routingStrategy: string;
  readonly models: readonly {
    readonly name: string;
    readonly model: string;
    readonly numCtx: number | undefined;
    readonly mode: 'chat' | 'embedding';
  }[];
  /** SHA-256 of the files as they would be rendered now, by path; a file with a secret that is not known is left out. */
  readonly files: ReadonlyMap<string, string>;
}

/** Everything that a diagnosis rests on. */
export interface Symptoms {
  readonly target: SmokeTarget;
  readonly outside: OutsideSymptoms;
  /** `undefined`: an address without an inventory. */
  readonly expected: ExpectedState | undefined;
  /** The host; a reason if it could not be asked; `undefined` if there is none to ask. */
  readonly host: HostSymptoms | { readonly why: string; readonly fix: string } | undefined;
}

/** A cause: given if the symptoms fit. */
export type Rule = (symptoms: Symptoms) => Diagnosis | undefined;

/** The facts of the host; `undefined` if it was not asked. */
export function hostOf({ host }: Symptoms): HostSymptoms | undefined {
  return host !== undefined && 'service' in host ? host : undefined;
}

/** The service on the host; `undefined` if it is not known. */
export function serviceOf(symptoms: Symptoms): ServiceHealth | undefined {
  const service = hostOf(symptoms)?.service;
  return service?.known === true ? service.value : undefined;
}

/** The result of a check of smoke. */
export function resultOf({ outside }: Symptoms, id: string): CheckResult | undefined {
  return outside.results.find((result) => result.id === id);
}

/** A failed check in one line of evidence. */
export function evidenceOf({ id, wanted, seen }: CheckResult): string {
  return wanted === undefined ? `${id}: ${seen}` : `${id}: expected ${wanted}, found ${seen}`;
}

/** A diagnosis of severity error. */
export function cause(id: string, summary: string, evidence: readonly string[], next: string): Diagnosis {
  return { id, severity: 'error', summary, evidence: evidence.filter((line) => line !== ''), next };
}
