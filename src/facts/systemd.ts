import type { Question } from './question.ts';

/** The state of systemd on a host. */
export interface Systemd {
  /** `undefined` without systemctl. */
  readonly version: number | undefined;
  /** Features that it was built with or without: `+SECCOMP`, `-SELINUX`. */
  readonly features: readonly string[];
  /** Whether systemd is the init of this host. An installed systemd may not be. */
  readonly running: boolean;
  /** The output of `is-system-running`: `running`, `degraded` …; empty if systemd is not the init. */
  readonly state: string;
}

/** The state of systemd. The test is that of sd_booted(3), which systemd itself uses. */
export const systemdQuestion: Question<Systemd> = {
  script: `systemctl --version | head -n 2 || true
printf 'booted='; [ -d /run/systemd/system ] && echo yes || echo no
printf 'state='; systemctl is-system-running || true`,
  as: 'user',
  parse: ({ stdout }) => parseSystemd(stdout),
};

/** Parses the lines of {@link systemdQuestion}. */
export function parseSystemd(text: string): Systemd {
  const booted = /^booted=(yes|no)$/m.exec(text)?.[1];
  if (booted === undefined) throw new Error('the answer about systemd is incomplete');
  const version = /^systemd (\d+)/m.exec(text)?.[1];
  const running = booted === 'yes';
  return {
    version: version === undefined ? undefined : Number(version),
    features: /^[+-][A-Z].*$/m.exec(text)?.[0].trim().split(' ') ?? [],
    running,
    state: running ? (/^state=(\S*)/m.exec(text)?.[1] ?? '') : '',
  };
}
