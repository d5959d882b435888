import type { UsageConfig } from './config-types.ts';
import { readSection, type IssueList } from './section.ts';
import { HXLLM_USAGE } from './sections/hxllm.ts';

const MIB = 1024 * 1024;

/** Reads `hxllm.usage`. */
export function readUsage(value: unknown, findings: IssueList): UsageConfig {
  const usage = readSection(HXLLM_USAGE, value, ['hxllm', 'usage'], findings);
  return {
    record: usage.record ?? 'with-keys',
    isSynced: usage.sync === 'always',
    journalBytes: Math.round((usage.journal_max_mib ?? 1024) * MIB),
    whenFull: usage.when_full ?? 'serve',
    hasAddress: usage.client_address ?? false,
  };
}
