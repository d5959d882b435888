const HALF =
  'a line cannot be read: hxllm takes nothing of the file (of a folder) or refuses it (of -i), Ansible keeps the lines above it';
const EMPTY = 'no inventory of the folder can be read: hxllm refuses the folder, Ansible goes on with what is left';

/** Cases where hxllm decides otherwise than Ansible on purpose, by version and seed, with the reason. */
export const KNOWN_DIFFERENCES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  '2.14': { 55: EMPTY, 88: HALF, 146: EMPTY, 213: HALF, 299: HALF },
  '2.21': { 88: HALF, 213: HALF, 299: HALF },
};

/** The reason of a difference that is known; undefined if there must be none. */
export function knownDifference(version: string, seed: number): string | undefined {
  return KNOWN_DIFFERENCES[version]?.[seed];
}
