import type { HostConfig } from '../../config/config.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { KeyInHand } from '../../render/host-files.ts';

/** The master key of a host. Without it a dry run goes on and says why the step is unknown; a real run stops. */
export function keyInHand({ target, settings }: HostConfig, dryRun: boolean): Result<KeyInHand> {
  const { masterKey } = settings;
  if (masterKey.state === 'set') return ok({ key: masterKey.key });
  const problem: Problem =
    masterKey.state === 'locked'
      ? {
          code: 'vault.locked',
          summary: 'the vault is locked, and the master key may be in it',
          detail: 'Wanted litellm_master_key; seen an encrypted file and no password for it.',
          fix: 'the same command with --ask-vault-pass, or with --vault-password-file FILE',
          where: { file: masterKey.file, host: target.name },
        }
      : {
          code: 'vault.key-missing',
          summary: 'litellm_master_key is not defined',
          detail: 'Wanted the master key of the gateway; seen it in none of the variables.',
          fix: 'hxllm inventory --vault-init',
          where: { host: target.name },
        };
  return dryRun ? ok({ why: `${problem.summary}: ${problem.fix}` }) : fail(problem);
}
