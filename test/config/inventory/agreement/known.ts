/** Cases where hxllm decides otherwise than Ansible on purpose, by seed, with the reason. */
export const KNOWN_DIFFERENCES: Readonly<Record<number, string>> = {};
