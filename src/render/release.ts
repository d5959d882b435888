import type { Result } from '../core/problem.ts';

/** Architectures by Node's names. */
export type Architecture = 'x64' | 'arm64';

/** The Node.js that runs the gateway on a host: one file on this machine, known by its hash. */
export interface Runtime {
  readonly version: string;
  readonly architecture: Architecture;
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** The gateway, packed into one file. */
export interface Bundle {
  readonly version: string;
  readonly content: string;
  readonly sha256: string;
}

/** What can be shipped to a host; made by cli. */
export interface Shipping {
  bundle(): Promise<Result<Bundle>>;
  /** Problem `runtime.missing` names the package to fetch and `--runtime FILE`. */
  runtime(architecture: Architecture): Promise<Result<Runtime>>;
}
