const WRITTEN_ANEW = ['contexts.json', 'drained.json', 'budgets.json', 'file-keys.json'];

/** The names of the gateway's files in its state folder, with all it has learned and the keys that its API has made. */
export const STATE_FILES: readonly string[] = [
  ...WRITTEN_ANEW,
  ...WRITTEN_ANEW.map((name) => `${name}.new`),
  'gateway.db',
  'gateway.db-wal',
  'gateway.db-shm',
];

/** The names of its folders there: the journals of usage. */
export const STATE_FOLDERS: readonly string[] = ['journal'];
