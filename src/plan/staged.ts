import type { HostPaths } from '../render/desired.ts';

/**
 * The places beside hxllm's files where a switch writes their successors. They are there only after a power cut; one of them holds the
 * master key.
 */
export function stagedPaths({
  configFile,
  envFile,
  caFile,
  serviceUnit,
  socketUnit,
  current,
  marker,
}: HostPaths): readonly string[] {
  return [configFile, envFile, caFile, serviceUnit, socketUnit, current, marker].map((path) => `${path}.hxllm-new`);
}
