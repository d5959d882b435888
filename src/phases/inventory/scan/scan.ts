import type { ServerHost } from '../../../config/config.ts';
import type { Problem, Result } from '../../../core/problem.ts';
import type { Gpus } from '../../../facts/ollama-server/gpus.ts';
import type { ServedModel } from '../../../facts/ollama-server/http.ts';

/** The request of `--scan`. */
export interface ScanRequest {
  /** The hosts of `[ollama]`; `undefined`: the inventory has no such group. */
  readonly hosts: readonly ServerHost[] | undefined;
  /** Asks an Ollama server from this machine for its version and its models. */
  readonly askServer: (url: string) => Promise<Result<ServerAnswer>>;
}

/** Asks servers that this machine does not reach from a host of the gateway. The answers are by URL. */
export type ThroughGateway = (
  unanswered: readonly { readonly url: string; readonly problem: Problem }[],
) => Promise<ReadonlyMap<string, Result<ServerAnswer & { readonly from: string }>>>;

/** The answers of a server over HTTP. */
export interface ServerAnswer {
  readonly version: string | undefined;
  readonly models: readonly ServedModel[];
}

/** A setting of a server: `NAME=value` as it was written, and the number or the duration that it means, if Ollama can read it. */
export interface StatedSettings {
  readonly numParallel?: number;
  readonly contextLength?: number;
  readonly keepAlive?: string;
  /** 0 stands for Ollama's own choice. */
  readonly maxLoadedModels?: number;
}

/** The settings of a server as its host states them. */
export interface Inspection {
  /** `process`: the environment of the running server. `unit`: that of `ollama.service`, whose process could not be read. */
  readonly source: 'process' | 'unit';
  readonly stated: StatedSettings;
  /** Settings that Ollama cannot read, or that the running server does not have yet, in words. */
  readonly remarks: readonly string[];
  /** The kind of the container that the server runs in. */
  readonly container?: string;
}

/** A backend and what it says of itself, over HTTP and over SSH. */
export interface ScannedServer {
  readonly url: string;
  /** A short name for tables. */
  readonly label: string;
  /** `undefined`: it did not answer, for the reason in `problem`. */
  readonly answer?: ServerAnswer;
  readonly problem?: Problem;
  /** The host of the gateway that asked it, where this machine does not reach it. */
  readonly from?: string;
  /** The host of `[ollama]` that it runs on. */
  readonly host?: string;
  readonly inspection?: Inspection;
  /** The GPUs of the host; known also where the settings are not. */
  readonly gpus?: Gpus;
  /** The reason why its settings are unknown. */
  readonly unknown?: string;
  /** The command that makes them known. */
  readonly remedy?: string;
}

/** The result of a scan. */
export interface Scan {
  readonly servers: readonly ScannedServer[];
  /** Whether the inventory has the group `[ollama]`. */
  readonly overSsh: boolean;
  /** Hosts of `[ollama]` that no backend names. */
  readonly otherHosts: readonly string[];
}
