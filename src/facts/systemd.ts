import type { Question } from './question.ts';

/** What is known of systemd on a host. */
export interface Systemd {
  /** `undefined` where there is no systemctl. */
  readonly version: number | undefined;
  /** Whether it is this machine's init; installed alone it manages nothing. */
  readonly running: boolean;
  /** As `is-system-running` says: `running`, `degraded` …; empty where it is not running. */
  readonly state: string;
}

/** Whether systemd manages this host, and which one; sd_booted(3) is the test that systemd itself uses. */
export const systemdQuestion: Question<Systemd> = {
  script: `systemctl --version | head -n 1 || true
printf 'booted='; [ -d /run/systemd/system ] && echo yes || echo no
printf 'state='; systemctl is-system-running || true`,
  as: 'user',
  parse: ({ stdout }) => parseSystemd(stdout),
};

/** Reads the lines of {@link systemdQuestion}. */
export function parseSystemd(text: string): Systemd {
  const booted = /^booted=(yes|no)$/m.exec(text)?.[1];
  if (booted === undefined) throw new Error('the question about systemd got half an answer');
  const version = /^systemd (\d+)/m.exec(text)?.[1];
  const running = booted === 'yes';
  return {
    version: version === undefined ? undefined : Number(version),
    running,
    state: running ? (/^state=(\S*)/m.exec(text)?.[1] ?? '') : '',
  };
}
