const HALF =
  'a line cannot be read: hxllm takes nothing of the file (of a folder) or refuses it (of -i), Ansible keeps the lines above it';

/** Cases where hxllm decides otherwise than every Ansible on purpose, by seed, with the reason. */
export const KNOWN_DIFFERENCES: Readonly<Record<number, string>> = { 88: HALF, 213: HALF, 299: HALF };
