import { decodeBase64, SAY } from '../base64.ts';
import type { Question } from '../question.ts';

/** SSSD on a host. */
export interface SssdState {
  /** The state of sssd.service; empty where no such unit exists. */
  readonly active: string;
  /** For each domain whether SSSD reaches its servers; empty where the host has no sssctl or SSSD does not run. */
  readonly domains: readonly { readonly name: string; readonly online: boolean; readonly server: string | undefined }[];
}

// SSSD notices a lost directory with its next look-up, so one is made first. sssctl asks whether to start a stopped SSSD, and reads the
// answer from its input.
const SCRIPT = `[ "$1" = yes ] || exit 0
${SAY}
active=$(systemctl is-active sssd.service 2>/dev/null); [ -e /etc/sssd ] || active=
say active "$active"
[ "$active" = active ] && command -v sssctl >/dev/null || exit 0
for domain in $(timeout -k 1 5 sssctl domain-list </dev/null); do
  case $domain in implicit_files) continue;; esac
  timeout -k 1 8 getent -s sss passwd "hxllm-no-such-user@$domain" </dev/null >/dev/null
  say domain "$domain" "$(timeout -k 1 5 sssctl domain-status "$domain" </dev/null 2>&1)"
done
exit 0`;

/** Whether SSSD runs and reaches its directory. `required`: otherwise nothing is looked at. */
export function sssdQuestion(required: boolean): Question<SssdState> {
  return {
    script: SCRIPT,
    arguments: [required ? 'yes' : 'no'],
    as: 'root',
    timeoutS: 25,
    parse: ({ stdout }) => parseSssd(stdout),
  };
}

/** Parses the lines `active STATE` and `domain NAME STATUS`. */
export function parseSssd(stdout: string): SssdState {
  const lines = stdout.split('\n').map((line) => line.trim().split(' '));
  return {
    active: decodeBase64(lines.find(([word]) => word === 'active')?.[1] ?? '-'),
    domains: lines
      .filter(([word]) => word === 'domain')
      .map(([, name = '-', status = '-']) => {
        const text = decodeBase64(status);
        return {
          name: decodeBase64(name),
          online: /^Online status: Online$/m.test(text),
          server: /^AD Domain Controller: (.+)$/m.exec(text)?.[1] ?? /^(?:IPA|LDAP): (.+)$/m.exec(text)?.[1],
        };
      }),
  };
}
