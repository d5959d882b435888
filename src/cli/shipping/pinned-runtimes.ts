import type { Architecture } from '../../render/release.ts';

/** A Node.js that hxllm sends to hosts, pinned to its bytes. */
export interface PinnedRuntime {
  readonly version: string;
  /** The SHA-256 of `bin/node` in the npm package. */
  readonly sha256: string;
  /** The npm package's `integrity` in package-lock.json, from which the file was unpacked. */
  readonly integrity: string;
}

/** The runtimes of this hxllm: no other file leaves for a host. Written by `npm run pin-runtimes`. */
export const PINNED_RUNTIMES: Readonly<Record<Architecture, PinnedRuntime>> = {
  x64: {
    version: '24.21.0',
    sha256: '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    version: '24.21.0',
    sha256: '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};
