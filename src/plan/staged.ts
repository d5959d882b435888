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
  instanceUnit,
  failedUnit,
  dropInGenerator,
  current,
  marker,
}: HostPaths): readonly string[] {
  const units = [serviceUnit, socketUnit, instanceUnit, failedUnit, dropInGenerator];
  return [configFile, envFile, caFile, ...units, current, marker].map((path) => `${path}.hxllm-new`);
}
