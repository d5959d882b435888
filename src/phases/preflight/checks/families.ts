/** The families of checks, in the order of the report: the part of an id before the dot, and its title. */
export const FAMILIES: Readonly<Record<string, string>> = {
  ssh: 'SSH',
  system: 'System',
  privilege: 'Privileges',
  domain: 'Domain join',
  time: 'Time',
  disk: 'Disk',
  runtime: 'Runtime',
  place: 'Place and port',
  existing: 'Existing LiteLLM',
  account: 'Account',
  network: 'Network',
  dns: 'DNS',
  trust: 'CA trust',
  ollama: 'Ollama',
  models: 'Models',
};
