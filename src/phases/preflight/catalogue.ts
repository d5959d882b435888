import type { Settings } from '../../config/config.ts';
import { defaultSettings } from '../../config/variables/default-settings.ts';
import { claimOf } from '../../core/check.ts';
import { checksFor } from './checks/index.ts';
import type { PreflightCheck } from './subject.ts';

/** Settings that give cause for every check: a joined domain, backends with and without TLS, and a model. */
const EVERYTHING: Settings = {
  ...defaultSettings(),
  models: [
    {
      name: 'MODEL',
      provider: 'ollama',
      model: 'model',
      backends: undefined,
      numCtx: undefined,
      keepAlive: undefined,
      options: {},
      mode: 'chat',
    },
  ],
  backends: [
    { url: 'http://backend:11434', numParallel: undefined },
    { url: 'https://backend:11434', numParallel: undefined },
  ],
  requireDomainJoin: true,
  adminGroup: 'administrators',
};

/** Every check that a host can have, once, without its subject: for `--list`, `--explain` and the names of `--only`. */
export const CATALOGUE: readonly (PreflightCheck & { readonly hasSubject: boolean })[] = listed(checksFor(EVERYTHING));

function listed(checks: readonly PreflightCheck[]): typeof CATALOGUE {
  const byClaim = new Map<string, (typeof CATALOGUE)[number]>();
  for (const check of checks) {
    const id = claimOf(check.id);
    if (byClaim.has(id)) continue;
    byClaim.set(id, { ...check, id, title: generic(check.title), hasSubject: id !== check.id });
  }
  return [...byClaim.values()];
}

// The subject of the settings above is a stand-in.
function generic(title: string): string {
  return title
    .replaceAll(/https?:\/\/backend:11434/g, 'BACKEND')
    .replaceAll(/\bbackend:11434\b/g, 'BACKEND')
    .replace(/\b(resolves|agree about|address of) backend\b/, '$1 BACKEND');
}
