/** The families of smoke's checks, in the order of the report: the part of an id before the dot, and its title. */
export const SMOKE_FAMILIES: Readonly<Record<string, string>> = {
  http: 'Connectivity',
  health: 'Health',
  auth: 'Authentication',
  keys: 'Keys of clients',
  models: 'Models',
  chat: 'Chat',
  embeddings: 'Embeddings',
  abilities: 'Tools and vision',
  stream: 'Streaming',
  dialects: 'Dialects',
  backends: 'Load balancing',
  performance: 'Performance',
  prompts: 'Room for prompts',
};
