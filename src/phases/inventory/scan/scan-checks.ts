import type { Check } from '../../../core/check.ts';
import { inWords } from '../../../core/problem.ts';
import { MODEL_OFFLINE } from '../../../core/without-internet.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import type { ModelRow } from './rows.ts';
import type { Scan } from './scan.ts';

/** The subject of the checks: a scan and its matrix. */
export interface ScanSubject {
  readonly scan: Scan;
  readonly rows: readonly ModelRow[];
}

/** The checks of `--scan`. They inform: a server that is off for now is no fault of the files. */
export const SCAN_CHECKS: readonly Check<ScanSubject>[] = [
  {
    id: 'inventory.servers-answer',
    title: 'every backend answers this machine, or the gateway’s host, over HTTP',
    severity: 'warning',
    judge: ({ scan: { servers } }) => {
      if (servers.length === 0) return notApplicable('there is no backend to ask');
      const silent = servers.flatMap(({ problem }) => problem ?? []);
      const [first] = silent;
      return first === undefined
        ? pass(`all ${String(servers.length)} of them`)
        : failed(`an answer of all ${String(servers.length)}`, silent.map(inWords).join(' '), first.fix);
    },
  },
  {
    id: 'inventory.servers-settings',
    title: 'the settings of every server are known',
    severity: 'warning',
    judge: ({ scan: { servers, overSsh } }) => {
      if (servers.length === 0) return notApplicable('there is no backend to ask');
      if (!overSsh)
        return notApplicable(
          'the inventory has no group [ollama]; with the hosts of the servers in it, SSH would tell their settings and GPUs',
        );
      const unknowns = servers.filter(({ unknown }) => unknown !== undefined);
      const [first] = unknowns;
      if (first === undefined) return pass(servers.map(({ label }) => label).join(', '));
      const label = new URL(first.url).hostname;
      return failed(
        'the environment of the server, or of ollama.service',
        unknowns.map(({ url, unknown = '' }) => `${url}: ${unknown}`).join('; '),
        first.host === undefined
          ? `add the host of ${first.url} to [ollama], by this name or with ansible_host=${label}`
          : (first.remedy ?? ''),
      );
    },
  },
  {
    id: 'inventory.digests-agree',
    title: 'a model has the same weights on all servers',
    severity: 'warning',
    judge: ({ rows }) => {
      const different = rows.filter(({ differs }) => differs);
      const [first] = different;
      const odd = first?.cells.find(({ differs }) => differs);
      return first === undefined || odd === undefined
        ? pass('no name has two digests')
        : failed(
            'one digest for each name',
            different
              .map(
                ({ name, cells }) =>
                  `${name} differs on ${cells
                    .filter(({ differs }) => differs)
                    .map(({ server }) => server.label)
                    .join(', ')}`,
              )
              .join('; '),
            `OLLAMA_HOST=${odd.server.url} ollama pull ${first.name}  # or wait, if a pull goes from server to server; ${MODEL_OFFLINE}`,
          );
    },
  },
];
