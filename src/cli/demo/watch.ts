import type { DemoPaths } from './paths.ts';
import { runningGateway } from './running.ts';

const LOOK_EVERY_MS = 500;

/** Watches the demo's gateway: `gone` resolves when it has ended. The gateway is not a child of this process, so it is polled. */
export function watchGateway(paths: DemoPaths): { readonly gone: Promise<void>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    if (runningGateway(paths) === undefined) resolve();
  }, LOOK_EVERY_MS);
  return { gone: promise, stop: () => clearInterval(timer) };
}
