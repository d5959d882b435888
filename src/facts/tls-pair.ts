import { decodeBase64, SAY } from './base64.ts';
import type { Question } from './question.ts';

/** The certificate and key of the gateway on a host, as they are. The key itself never leaves the host. */
export interface TlsPair {
  /** The blocks of the certificate's file; `undefined`: there is no such file. */
  readonly certificates: string | undefined;
  /** `undefined`: there is no such file. */
  readonly key: TlsKeyState | undefined;
  /** Files that the service's user may not read; `undefined`: the user does not exist yet. */
  readonly unreadable: readonly string[] | undefined;
  /** Whether the two belong together; `undefined`: no runtime of hxllm is there yet to say it. */
  readonly fits: boolean | undefined;
}

/** A key's file. */
export interface TlsKeyState {
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
  readonly hasPassphrase: boolean;
}

/** Parameters of the question. */
export interface TlsPairPlace {
  readonly tls?:
    | { readonly from: 'host'; readonly certFile: string; readonly keyFile: string }
    | { readonly from: 'sent' }
    | undefined;
  readonly user: string;
  readonly group: string;
  /** The link to the active release. */
  readonly current: string;
}

const SCRIPT = `${SAY}
cert=$1 key=$2 user=$3 group=$4 current=$5
[ -n "$cert" ] || exit 0
[ -f "$cert" ] && say certificates "$(sed -n '/^-----BEGIN .*CERTIFICATE-----/,/^-----END .*CERTIFICATE-----/p' -- "$cert" | head -c 200000)"
if [ -f "$key" ]; then
  sealed=no; ! grep -qsE -- '^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED' "$key" || sealed=yes
  IFS=: read -r owner owners mode <<< "$(stat -L -c '%U:%G:%a' -- "$key")"
  say key "$owner" "$owners" "$mode" "$sealed"
fi
if id -u -- "$user" >/dev/null 2>&1 && getent group -- "$group" >/dev/null; then
  say user
  for file in "$cert" "$key"; do
    [ ! -f "$file" ] || setpriv --reuid="$user" --regid="$group" --clear-groups -- test -r "$file" || say unreadable "$file"
  done
fi
node=$(sed -nE "s#^exec '([^']*/bin/node)'.*#\\1#p" "$current/gateway" 2>/dev/null | head -n 1)
if [ -n "$node" ] && [ -x "$node" ] && [ -f "$cert" ] && [ -f "$key" ] && [ "$sealed" = no ]; then
  say fits "$(timeout 10 env -i "$node" -e "fs.writeSync(1, new crypto.X509Certificate(fs.readFileSync('$cert')).checkPrivateKey(crypto.createPrivateKey(fs.readFileSync('$key'))) ? 'yes' : 'no')" 2>/dev/null || printf no)"
fi
exit 0`;

/** Asks for the files of `litellm_tls_cert` and `litellm_tls_key` where they are on the host. */
export function tlsPairQuestion({ tls, user, group, current }: TlsPairPlace): Question<TlsPair> {
  const [certFile, keyFile] = tls?.from === 'host' ? [tls.certFile, tls.keyFile] : ['', ''];
  return {
    script: SCRIPT,
    arguments: [certFile, keyFile, user, group, current],
    as: 'root',
    timeoutS: 20,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that looks at the certificate exited with ${String(exitCode)}`);
      return parseTlsPair(stdout);
    },
  };
}

/** Parses the lines of {@link tlsPairQuestion}. */
export function parseTlsPair(stdout: string): TlsPair {
  const lines = stdout
    .split('\n')
    .map((line) => line.trim().split(' '))
    .map(([word = '', ...values]) => ({ word, values: values.map(decodeBase64) }));
  const one = (word: string): readonly string[] | undefined => lines.find((line) => line.word === word)?.values;
  const key = one('key');
  const [fits] = one('fits') ?? [];
  return {
    certificates: one('certificates')?.[0],
    key:
      key === undefined
        ? undefined
        : {
            owner: key[0] ?? '',
            group: key[1] ?? '',
            mode: Number.parseInt(key[2] ?? '', 8),
            hasPassphrase: key[3] === 'yes',
          },
    unreadable:
      one('user') === undefined
        ? undefined
        : lines.filter(({ word }) => word === 'unreadable').map(({ values: [file = ''] }) => file),
    fits: fits === 'yes' || fits === 'no' ? fits === 'yes' : undefined,
  };
}
