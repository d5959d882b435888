/** A CI server whose words hxllm speaks; `other`: any, named by `--ci` alone. */
export type CiServer = 'github' | 'gitlab' | 'other';

/** The CI server that this command runs under, by its environment; `undefined`: a person runs it, and did not say `--ci`. */
export function ciServerOf(
  environment: Readonly<Record<string, string | undefined>>,
  asked = false,
): CiServer | undefined {
  if (environment['GITHUB_ACTIONS'] === 'true') return 'github';
  if (environment['GITLAB_CI'] === 'true') return 'gitlab';
  return asked ? 'other' : undefined;
}
