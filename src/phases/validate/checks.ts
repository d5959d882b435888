import type { Settings } from '../../config/config.ts';
import type { Check } from '../../core/check.ts';
import { pass, unknown, type Verdict } from '../../core/verdict.ts';
import type { DesiredFile } from '../../render/content.ts';
import { judgeLint, judgeOneServer } from './lint.ts';
import { judgeMasterKey } from './master-key.ts';
import { judgeAccepted, judgeComplete, judgeWarnings, type ReadBack } from './read-back.ts';

/** The subject of the checks: all files rendered for one host. */
export interface Rendered {
  readonly settings: Settings;
  readonly files: readonly DesiredFile[];
  /** config.yaml as the gateway would read it. */
  readonly read: ReadBack;
  /** The verdicts that need the host. */
  readonly onHost: HostVerdicts;
}

/** The verdicts that only the host can give. */
export interface HostVerdicts {
  /** Whether systemd accepts the units. */
  readonly units: Verdict;
  /** Whether the service is closed enough. */
  readonly exposure: Verdict;
  /** Whether the folders are free or hxllm's. */
  readonly folders: Verdict;
  /** Whether each alias has a server that can serve it. */
  readonly served: Verdict;
  /** Whether two backends are one server. */
  readonly oneServer: Verdict;
  /** Whether the host has the same files. */
  readonly installed: Verdict;
}

/** The checks of validate, in order. */
export const VALIDATE_CHECKS: readonly Check<Rendered>[] = [
  {
    id: 'render.templates',
    title: 'every template renders',
    severity: 'error',
    judge: ({ files }) => pass(files.map((file) => file.name).join(', ')),
  },
  {
    id: 'key.form',
    title: 'the master key has the usual form',
    severity: 'warning',
    judge: ({ settings }) => judgeMasterKey(settings),
  },
  {
    id: 'config.accepted',
    title: 'the gateway accepts config.yaml',
    severity: 'error',
    judge: ({ read }) => judgeAccepted(read),
  },
  {
    id: 'config.complete',
    title: 'config.yaml has every model on every backend of its list',
    severity: 'error',
    after: ['config.accepted'],
    judge: ({ settings, read }) =>
      read.config === undefined ? unknown('config.yaml could not be read') : judgeComplete(settings, read.config),
  },
  {
    id: 'config.heeded',
    title: 'the gateway uses every key of config.yaml',
    severity: 'warning',
    judge: ({ read }) => judgeWarnings(read),
  },
  {
    id: 'units.verify',
    title: 'systemd accepts the units',
    severity: 'error',
    judge: ({ onHost }) => onHost.units,
  },
  {
    id: 'units.exposure',
    title: 'the service is as closed as it can be',
    severity: 'error',
    after: ['units.verify'],
    judge: ({ onHost }) => onHost.exposure,
  },
  {
    id: 'lint.served',
    title: 'every alias has a server that can serve it',
    severity: 'error',
    judge: ({ onHost }) => onHost.served,
  },
  {
    id: 'lint.one-server',
    title: 'every backend is a server of its own',
    severity: 'warning',
    judge: ({ read, onHost }) => judgeOneServer(read, onHost.oneServer),
  },
  {
    id: 'lint.contexts',
    title: 'the aliases of a model have one num_ctx',
    severity: 'warning',
    judge: ({ read }) => judgeLint(read, 'lint.contexts', 'no two aliases evict each other'),
  },
  {
    id: 'lint.fallbacks',
    title: 'the fallbacks end',
    severity: 'warning',
    judge: ({ read }) => judgeLint(read, 'lint.fallbacks', 'no fallback leads back'),
  },
  {
    id: 'lint.timeouts',
    title: 'a load fits in the time-outs',
    severity: 'warning',
    judge: ({ read }) => judgeLint(read, 'lint.timeouts', 'no limit is shorter than a load'),
  },
  {
    id: 'place.folders',
    title: 'the folders are free or hxllm’s',
    severity: 'error',
    judge: ({ onHost }) => onHost.folders,
  },
  {
    id: 'files.installed',
    title: 'the host has these files',
    severity: 'note',
    judge: ({ onHost }) => onHost.installed,
  },
];
