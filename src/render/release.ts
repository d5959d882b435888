import type { Build } from '../core/build.ts';
import type { Result } from '../core/problem.ts';

/** Architectures in Node's words. */
export type Architecture = 'x64' | 'arm64';

/** The Node.js that runs the gateway on a host: one local file, identified by its hash. */
export interface Runtime {
  readonly version: string;
  readonly architecture: Architecture;
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The place of a compressed copy, made when a host gets it; undefined: none is kept. */
  readonly packed?: string;
}

/** The gateway, packed into one file. */
export interface Bundle extends Build {
  readonly content: string;
  readonly sha256: string;
}

/** The bundle and runtimes that can be sent to a host; cli builds them. */
export interface Shipping {
  bundle(): Promise<Result<Bundle>>;
  /** Problem `runtime.missing` names the package to install and `--runtime FILE`. */
  runtime(architecture: Architecture): Promise<Result<Runtime>>;
}
