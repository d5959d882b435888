import { decodeBase64, SAY } from '../base64.ts';
import type { Question } from '../question.ts';
import { KEYTAB } from './keytab.ts';

/** The program that tried the machine credential against the directory. */
export type CredentialTool = 'adcli' | 'kinit' | 'wbinfo' | 'net';

/** The result of using the machine credential. `none`: the host has no program that can use it. */
export type CredentialTrial =
  | { readonly tool: 'none' }
  | {
      readonly tool: CredentialTool;
      readonly principal: string;
      readonly exitCode: number;
      /** The last line of the program's output. */
      readonly message: string;
    };

/** `adcli testjoin` gives up on a directory that does not answer after 10 s. */
const TRY_S = 20;

// `net ads testjoin` and wbinfo use winbind's secrets, which a host that joined by adcli or realmd has not: they are asked only where
// there is no machine principal in the keytab. The ticket lives in memory and ends with the program.
const SCRIPT = `[ "$1" = yes ] || exit 0
export KRB5CCNAME=MEMORY:hxllm
${SAY}
${KEYTAB}
try() { local tool=$1 principal=$2 said code; shift 2; said=$(timeout -k 1 ${String(TRY_S)} "$@" </dev/null 2>&1); code=$?; said=$(grep -v '^[[:space:]]*$' <<< "$said" | tail -n 1); say tried "$tool" "$principal" "$code" "$said"; exit 0; }
has() { command -v "$1" >/dev/null; }
names=$([ -f "$keytab" ] && principals "$keytab" | sort -u)
machine=$(grep -m 1 '\\$@' <<< "$names") service=$(grep -m 1 '^host/' <<< "$names")
[ -z "$machine" ] || ! has adcli || try adcli "$machine" adcli testjoin
principal=\${machine:-$service}
[ -z "$principal" ] || ! has kinit || try kinit "$principal" kinit -k -t "$keytab" "$principal"
if [ -s /var/lib/samba/private/secrets.tdb ] || [ -s /var/lib/samba/secrets.tdb ]; then
  ! has wbinfo || try wbinfo '' wbinfo -t
  ! has net || try net '' net ads testjoin
fi
say none
exit 0`;

/** Uses the machine credential once against the directory. `required`: otherwise nothing is tried. */
export function credentialQuestion(required: boolean): Question<CredentialTrial> {
  return {
    script: SCRIPT,
    arguments: [required ? 'yes' : 'no'],
    as: 'root',
    timeoutS: TRY_S + 5,
    parse: ({ stdout }) => parseCredential(stdout),
  };
}

/** Parses the line `tried TOOL PRINCIPAL CODE MESSAGE`. */
export function parseCredential(stdout: string): CredentialTrial {
  const line = stdout.split('\n').find((each) => each.startsWith('tried '));
  const [tool = '', principal = '', exitCode = '', message = ''] =
    line?.trim().split(' ').slice(1).map(decodeBase64) ?? [];
  return isTool(tool) ? { tool, principal, exitCode: Number(exitCode), message } : { tool: 'none' };
}

function isTool(word: string): word is CredentialTool {
  return ['adcli', 'kinit', 'wbinfo', 'net'].includes(word);
}
