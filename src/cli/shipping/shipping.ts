import type { Result } from '../../core/problem.ts';
import type { Bundle, Shipping } from '../../render/release.ts';
import { bundleGateway } from './bundle.ts';
import { PINNED_RUNTIMES } from './pinned-runtimes.ts';
import { findRuntime, type Pins } from './runtime.ts';

/**
 * The gateway and the runtimes that this machine can ship to hosts. `runtimeFile`: the value of `--runtime`. `pins`: the runtimes that may leave.
 * The gateway is packed at most once.
 */
export function createShipping(options: { readonly runtimeFile: string | undefined; readonly pins?: Pins }): Shipping {
  let bundle: Promise<Result<Bundle>> | undefined;
  return {
    bundle: () => (bundle ??= bundleGateway()),
    runtime: (architecture) => findRuntime(architecture, options.runtimeFile, options.pins ?? PINNED_RUNTIMES),
  };
}
