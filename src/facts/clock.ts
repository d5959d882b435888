import type { Question } from './question.ts';

/** A host's clock. */
export interface Clock {
  /** The host's time at the moment of the question. */
  readonly nowMs: number;
  /** Whether the kernel reports the clock as synchronized; `undefined` without timedatectl. */
  readonly synchronized: boolean | undefined;
  /** The unit of the time daemon that runs; `undefined` if none of those that are known does. */
  readonly daemon?: string;
  /** The difference to its server that the daemon reports, in its own words. */
  readonly reported?: string;
  /** The kind of the container, by systemd-detect-virt: its clock is that of the machine. */
  readonly container?: string;
  /** No program that could keep the clock is installed. */
  readonly hasNoDaemon?: boolean;
}

// chrony and ntpd report their own offset to every user; timesyncd through timedatectl.
const SCRIPT = `date +%s%3N
timedatectl show -p NTPSynchronized 2>/dev/null
for unit in systemd-timesyncd chrony chronyd ntpsec ntp ntpd openntpd; do
  systemctl cat "$unit.service" >/dev/null 2>&1 && echo "installed=$unit"
  [ "$(systemctl is-active "$unit.service" 2>/dev/null)" = active ] && echo "daemon=$unit"
done
command -v chronyc >/dev/null && timeout 3 chronyc -n tracking 2>/dev/null | sed -n 's/^System time *: /reported=/p'
timeout 3 timedatectl timesync-status 2>/dev/null | sed -n 's/^ *Offset: /reported=/p'
command -v ntpq >/dev/null && timeout 3 ntpq -c 'rv 0 offset' 2>/dev/null | sed -n 's/^offset=\\(.*\\)/reported=\\1 ms/p'
printf 'container=%s\\n' "$(systemd-detect-virt --container 2>/dev/null)"
exit 0`;

/** The host's time, and the daemon that keeps it. */
export const clockQuestion: Question<Clock> = {
  script: SCRIPT,
  as: 'user',
  parse: ({ stdout }) => parseClock(stdout),
};

/** Parses milliseconds since 1970, timedatectl's property and the lines about daemons. */
export function parseClock(text: string): Clock {
  const nowMs = Number(/^\d{12,}$/m.exec(text)?.[0] ?? 'NaN');
  if (Number.isNaN(nowMs)) throw new Error('date gave no answer');
  const synchronized = /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1];
  const word = (key: string): string | undefined => new RegExp(`^${key}=(.+)$`, 'm').exec(text)?.[1]?.trim();
  const [daemon, reported, container] = [word('daemon'), word('reported'), word('container')];
  return {
    nowMs,
    synchronized: synchronized === undefined ? undefined : synchronized === 'yes',
    ...(daemon === undefined ? {} : { daemon }),
    ...(reported === undefined ? {} : { reported }),
    ...(container === undefined || container === 'none' ? {} : { container }),
    ...(/^container=/m.test(text) && word('installed') === undefined ? { hasNoDaemon: true } : {}),
  };
}
