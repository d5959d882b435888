import { forbiddenText, isSudo, sudoLine, withoutPassword, type Become, type Sudo } from '../core/become.ts';
import type { CallOptions, Host } from '../core/host.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import { quote, shellLine } from '../core/shell.ts';
import { factOf, refusalOf, split } from './answers.ts';
import { inParallel, type Line } from './in-parallel.ts';
import { noShell } from './no-shell.ts';
import { DEFAULT_TIMEOUT_S, NO_SUDO, type Answer, type Facts, type Question, type Questions } from './question.ts';

/** Time for one call of sudo: it may wait for a directory server. */
const SUDO_TIMEOUT_S = 15;

/** Time until bash runs as root: with a password that takes two calls. A sudo that hangs costs this, not the time of the questions too. */
export const ROOT_TIMEOUT_S = 18;

/** Until `timeout -k 1` has killed a question and its end has been printed. */
const KILLED_AFTER_S = 6;

/** Questions that a slow host answers at once; each eighth beyond them adds a second to every limit, since all of them share its processors. */
const AT_ONCE = 64;

/**
 * The same bash on every host and for both users. A file that BASH_ENV names may have set -e or -u, and every bash of a question would read it
 * again; sudo may start root with a path of its own.
 */
const PRELUDE = `set +efuxC; set +o pipefail; unset BASH_ENV ENV GREP_OPTIONS POSIXLY_CORRECT; export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"\n`;

/** The limits of the call, the way to root, and a receiver for the raw answers. */
export interface AskOptions extends CallOptions {
  readonly become: Become;
  /** Seconds until bash must run as root. Default: {@link ROOT_TIMEOUT_S}. */
  readonly rootTimeoutS?: number;
  /** Receives the raw answers and the script, for the evidence, and the host's time at the end (NaN if it is not known). */
  readonly keep?: (answers: ReadonlyMap<string, Answer>, script: string, endedMs: number) => void;
}

/**
 * Asks all questions in one script and one round trip. The host answers them concurrently. Questions for root run under
 * sudo, unless the user is root already; with `become: none` they run as the user. `nonce` is a word that no
 * answer contains. The script travels by stdin: a command line is limited to 128 KiB, and tcsh and fish read its quotes in their
 * own way. A password of sudo is the first line of the input, so no script and no command line has it. Problem `host.no-shell` if
 * something else than bash ran.
 */
export async function ask<Q extends Questions>(
  host: Host,
  questions: Q,
  nonce: string,
  options: AskOptions,
): Promise<Result<Facts<Q>>> {
  const { names, script } = compose(questions, nonce, options.become, options.rootTimeoutS);
  const stdin = `${passwordLine(options.become)}${script}`;
  const [ran, spoken] = await Promise.all([
    host.run(
      { argv: ['bash', '-s'], stdin, title: 'look at the host' },
      { ...options, timeoutMs: options.timeoutMs + slackS(names.length) * 1000 },
    ),
    askOverTls(host, questions, options),
  ]);
  if (!ran.ok) return ran;
  const { stdout } = ran.value;
  if (names.length > 0 && !stdout.includes(`${nonce}:`))
    return fail(noShell(host, withoutPassword(ran.value, options.become)));
  const answers = new Map([...split(stdout, nonce), ...spoken]);
  const refusal = refusalOf(stdout, nonce);
  const moreS = slackS(names.length);
  options.keep?.(answers, script, Number(stdout.split(`${nonce}:ended:`)[1]?.trim() ?? 'NaN'));
  const facts = Object.keys(questions).map(
    (name) => [name, factOf(questions[name], answers.get(name), refusal, moreS)] as const,
  );
  // Built from the questions name by name, which is what the type states.
  return ok(Object.fromEntries(facts) as Facts<Q>);
}

/** bash reads its script line by line, so `read` takes the line after it. */
function passwordLine(become: Become): string {
  if (!isSudo(become) || become.password === undefined) return '';
  return `IFS= read -r hxllm_password\n${become.password.reveal()}\n`;
}

/** The script for all questions, and the names in the order of its answers. */
export function compose(
  questions: Questions,
  nonce: string,
  become: Become,
  rootTimeoutS = ROOT_TIMEOUT_S,
): { readonly names: readonly string[]; readonly script: string } {
  const entries = Object.entries(questions).filter(([, { tls }]) => tls === undefined);
  const asRoot = become === 'none' ? [] : entries.filter(([, question]) => question.as === 'root');
  const asUser = entries.filter(([, question]) => become === 'none' || question.as === 'user');
  const slack = slackS(entries.length);
  const linesOf = (some: typeof entries): readonly Line[] =>
    some.map(([name, question]) => {
      const timeoutS = (question.timeoutS ?? DEFAULT_TIMEOUT_S) + slack;
      return {
        line: answerOf(name, question, nonce, variableOf(entries, question), timeoutS),
        limitS: timeoutS + KILLED_AFTER_S,
      };
    });
  const root = `${PRELUDE}echo ${rooted(nonce)}\n${definitions(entries, asRoot)}${inParallel(linesOf(asRoot), nonce)}`;
  // One way to root for all of them. If sudo refuses, its message follows the word `sudo`, and the facts stay unknown. A user cannot kill
  // a sudo that hangs, so the reader of its output has two limits: until root speaks, and from then on.
  const slowestS = Math.max(0, ...asRoot.map(([, question]) => question.timeoutS ?? DEFAULT_TIMEOUT_S));
  const elevated = {
    // printf is a part of bash, so the length of its argument has no limit.
    line: `${shellLine(['printf', String.raw`%s\n`, `${nonce}:sudo`])}; ${shellLine(['printf', '%s', root])} | if [ "$(id -u)" = 0 ]; then bash -s; ${elseRoot(become, nonce)}; fi`,
    limitS: rootTimeoutS + slowestS + 2 * slack,
    root: { word: rooted(nonce), timeoutS: rootTimeoutS + slack },
  };
  const lines = [...(asRoot.length === 0 ? [] : [elevated]), ...linesOf(asUser)];
  const script = `${PRELUDE}${definitions(entries, asUser)}${inParallel(lines, nonce)}\n${endOf(nonce)}`;
  return { names: entries.map(([name]) => name), script };
}

/** Seconds that so many questions add to each limit. */
function slackS(questions: number): number {
  return Math.floor(Math.max(0, questions - AT_ONCE) / 8);
}

/** The line that root prints before anything else. */
function rooted(nonce: string): string {
  return `${nonce}:rooted`;
}

/** The way to root of a user who is not root, as the rest of an `if`. */
function elseRoot(become: Become, nonce: string): string {
  if (!isSudo(become)) return become === 'none' ? '' : `else ${shellLine(['echo', forbiddenText(become)])}`;
  const [program = ''] = become.program;
  const missing = `elif ! command -v -- ${quote(program)} >/dev/null; then echo "${NO_SUDO}$(command -v doas >/dev/null && echo ' (doas is there)')"`;
  const quiet = `${sudoLine(become, ['-n'], ['bash', '-s'])} 2>&1`;
  if (become.password === undefined) return `${missing}; else ${quiet}`;
  const free = `${sudoLine(become, ['-n'], ['bash', '-c', ':'])} </dev/null >/dev/null 2>&1`;
  return `${missing}; elif ${free}; then ${quiet}; else ${withPassword(become, nonce)}`;
}

/**
 * sudo reads the password and nothing else: the script follows only when sudo has let bash run, since sudo would try each line of it as
 * another password, and three of them can lock an account. `-k` makes sure that sudo reads the password, which bash would run otherwise.
 * The prompt is a line of its own, since `read` sees whole lines: a second one says that the password was refused, whatever words (`insults`)
 * sudo has for it.
 */
function withPassword(sudo: Sudo, nonce: string): string {
  // The prompt is a part of the refusal, which ends at the nonce and a colon.
  const [word, prompt] = [`${nonce}:root`, `password-${nonce}`];
  return [
    'exec {script}<&0',
    String.raw`export SUDO_PROMPT=$'${prompt}\n'; asked=`,
    `coproc SUDO { ${sudoLine(sudo, ['-k', '-S'], ['bash', '-c', `echo ${word}; exec bash -s`])} 2>&1; }`,
    'exec {out}<&"${SUDO[0]}" {in}>&"${SUDO[1]}"; eval "exec ${SUDO[1]}>&-"',
    String.raw`printf '%s\n' "$hxllm_password" >&"$in"`,
    `while IFS= read -r -t ${String(SUDO_TIMEOUT_S)} said <&"$out"; do`,
    'case $said in',
    `*${word}) cat <&"$script" >&"$in" & break;;`,
    `*${prompt}) [ -z "$asked" ] || break; asked=1;;`,
    String.raw`*) printf '%s\n' "$said"; case $said in *'ry again'*|*ncorrect*) break;; esac;;`,
    'esac; done',
    'exec {in}>&-; cat <&"$out"',
  ].join('\n');
}

/** Prints the host's time, in milliseconds since 1970. */
function endOf(nonce: string): string {
  return `printf '%s\\n' "${nonce}:ended:$(date +%s%3N)"`;
}

type Entries = readonly (readonly [string, Question<unknown>])[];

/** The variable of a question's script: questions about several backends share one, so each script travels once. */
function variableOf(entries: Entries, { script }: Question<unknown>): string {
  return `hxllm_q${String(entries.findIndex(([, other]) => other.script === script))}`;
}

/** Assigns the scripts of these questions to their variables. */
function definitions(entries: Entries, some: Entries): string {
  const scripts = new Map(some.map(([, question]) => [variableOf(entries, question), question.script]));
  return [...scripts].map(([variable, text]) => `${variable}=${quote(text)}\n`).join('');
}

/**
 * The answers of the questions over TLS, as the script's own would be: 28 after the time limit, 7 with the reason where there is no TLS. The
 * server's certificate is not judged here; nothing secret is sent.
 */
async function askOverTls(
  host: Host,
  questions: Questions,
  { signal }: CallOptions,
): Promise<ReadonlyMap<string, Answer>> {
  const asked = Object.entries(questions).map(async ([name, { tls, timeoutS }]): Promise<[string, Answer][]> => {
    if (tls === undefined) return [];
    const timeoutMs = (timeoutS ?? DEFAULT_TIMEOUT_S) * 1000;
    const answer = await host.tls({ ...tls, trusted: [], withOwn: false }, { signal, timeoutMs });
    return [
      [
        name,
        answer.ok
          ? { stdout: answer.value.received, exitCode: 0 }
          : { stdout: answer.problems[0].summary, exitCode: 7 },
      ],
    ];
  });
  return new Map((await Promise.all(asked)).flat());
}

function answerOf(
  name: string,
  question: Question<unknown>,
  nonce: string,
  variable: string,
  timeoutS: number,
): string {
  const limit = String(timeoutS);
  const words = shellLine(['hxllm', ...(question.arguments ?? [])]);
  const command = `timeout -k 1 ${limit} bash -c "$${variable}" ${words}`;
  return `${shellLine(['printf', String.raw`%s\n`, `${nonce}:begin:${name}`])}; ${command} </dev/null 2>/dev/null; printf '\\n%s\\n' "${nonce}:end:$?"`;
}
