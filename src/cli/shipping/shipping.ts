import type { Result } from '../../core/problem.ts';
import type { Bundle, Shipping } from '../../render/release.ts';
import { bundleGateway } from './bundle.ts';
import { findRuntime } from './runtime.ts';

/** The gateway and the runtimes that this machine can ship to hosts. `runtimeFile`: the value of `--runtime`. The gateway is packed at most once. */
export function createShipping(options: { readonly runtimeFile: string | undefined }): Shipping {
  let bundle: Promise<Result<Bundle>> | undefined;
  return {
    bundle: () => (bundle ??= bundleGateway()),
    runtime: (architecture) => findRuntime(architecture, options.runtimeFile),
  };
}
