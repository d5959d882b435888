/**
 * The bash programs of a held host. START is the login user's: it makes a folder of pipes and starts HOLDER, as root through the
 * only sudo of the run. HOLDER has the lock and runs jobs. RELAY is the login user's, one for each job: it connects the SSH session's
 * input and output with the job by pipes; FIRST_RELAY waits for HOLDER first, and is the RELAY of the first job. So sudo's own input and
 * output, which `log_input` and `log_output` keep, are a few words.
 */

// Pipes hold no data on a disk, so any folder of the user serves; in memory is better, since nothing is left after a power cut.
const PLACES = 'me=$(id -u); places=(/dev/shm "/run/user/$me" /tmp "$HOME")';

// `child PID`: bash forgets a child that has ended, and the system gives its number to another process soon where there are 32,768.
const CHILD =
  'child() { local stat; { read -r stat < "/proc/$1/stat"; } 2> /dev/null && set -- ${stat##*)} && [ "$2" = "$BASHPID" ]; }';

/**
 * `$1` token, `$2` the way to root (`none`, `forbidden`, `sudo`, or `password`: then the first line of the input is sudo's password), `$3` the
 * words of sudo for bash, `$4` the text of HOLDER; the rest are HOLDER's arguments after the folder of pipes.
 */
export const START = `
export LC_ALL=C; umask 077; trap : HUP INT TERM PIPE
${CHILD}
token=$1 become=$2 sudo=$3 holder=$4; shift 4
password=; [ "$become" != password ] || IFS= read -r password
echo hxllm:begun
${PLACES}
inbox=
for memory in tmpfs any; do
  for place in "\${places[@]}"; do
    [ -n "$place" ] && [ -d "$place" ] && { [ $memory = any ] || [ "$(stat -f -c %T -- "$place")" = tmpfs ]; } || continue
    mkdir -m 700 -- "$place/hxllm-$token" 2>/dev/null || continue
    inbox=$place/hxllm-$token
    { mkfifo -m 600 -- "$inbox/jobs" "$inbox/ready" && printf '%s\\n' "$holder" > "$inbox/holder"; } 2>/dev/null && break 2
    rm -rf -- "$inbox"; inbox=
  done
done
[ -n "$inbox" ] || { echo "hxllm:refused no-folder \${places[*]}"; exit 73; }
trap 'rm -rf -- "$inbox"' EXIT
from=\${SSH_CONNECTION%% *}
# A file, since sudo writes the whole command line to the system's log. It holds no secret.
run=(bash "$inbox/holder" "$inbox" "$me" "$(id -un 2>/dev/null || echo "$me") from \${from:-this host}" "$@")
if [ "$become" = none ] || [ "$me" = 0 ]; then "\${run[@]}"; exit; fi
[ "$become" != forbidden ] || { echo hxllm:forbidden; exit 77; }
eval "sudo=($sudo)"
if ! command -v -- "\${sudo[0]}" > /dev/null; then
  doas=; command -v doas > /dev/null && doas=doas
  echo "hxllm:no-sudo $doas"; exit 127
fi
if [ "$become" = sudo ] || "\${sudo[@]}" -n -- bash -c : < /dev/null > /dev/null 2>&1; then
  "\${sudo[@]}" -n -- "\${run[@]}"; code=$?
else
  # sudo's input is the password and ends then: sudo would try each word that follows as another password. -k makes sure that sudo reads
  # it. HOLDER takes the words from a pipe.
  mkfifo -m 600 -- "$inbox/words" || exit 73
  cat <&0 > "$inbox/words" & feed=$!
  printf '%s\\n' "$password" | "\${sudo[@]}" -k -S -- "\${run[@]}"; code=\${PIPESTATUS[1]}
  ! child "$feed" || kill "$feed"
fi
[ "$code" = 0 ] || { echo "hxllm:sudo $("\${sudo[@]:0:1}" -V 2>/dev/null < /dev/null | head -n 1)"; exit "$code"; }
`;

/** `$1` folder of pipes, `$2` its owner, `$3` the user, `$4` the operator, `$5` seconds of silence, `$6` name of the lock, `$7` its folder or `-`. */
export const HOLDER = `{
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; umask 077; trap : HUP INT TERM PIPE
inbox=$1 owner=$2 by="$3\${4:+ ($4)}" silence=$5 name=$6 folder=$7
echo hxllm:root
refuse() { echo "hxllm:refused $*"; exit 73; }
# The words of the system for an error, as a word of this program.
cause() {
  case $1 in
    *'Permission denied'*|*'not permitted'*) refuse no-right "$1";;
    *'No space left'*|*'quota exceeded'*) refuse full "$1";;
    *'Read-only file system'*) refuse read-only "$1";;
    *) refuse other "$1";;
  esac
}
[ ! -L "$inbox" ] && [ "$(stat -c '%F %a %u' -- "$inbox")" = "directory 700 $owner" ] || refuse other "$inbox is not a folder of the login user alone"
if [ "$folder" = - ]; then
  me=$(id -u) folder=/run/hxllm
  [ "$me" = 0 ] || { [ -O "/run/user/$me" ] && folder=/run/user/$me/hxllm; } || folder=$HOME/.hxllm-lock
fi
# Only root may write to /run, so no other user can make this folder first, put a link there, or open a file in it.
claim() {
  local said
  said=$(mkdir -m 700 -- "$folder" 2>&1) || [ -e "$folder" ] || [ -L "$folder" ] || cause "$said"
  [ -e "$folder" ] || [ -L "$folder" ] || return
  [ ! -L "$folder" ] && [ -d "$folder" ] && [ -O "$folder" ] || refuse in-the-way "$(ls -ld -- "$folder")"
  [ "$(stat -c %a -- "$folder")" = 700 ] || chmod 700 -- "$folder"
}
lock=$folder/$name work=$folder/$name.work
for ((tries = 0; ; tries++)); do
  claim
  [ ! -L "$lock" ] && { [ ! -e "$lock" ] || [ -f "$lock" ]; } || refuse in-the-way "$(ls -ld -- "$lock")"
  said=$({ : 9<> "$lock"; } 2>&1) && exec 9<> "$lock" || { [ $tries -lt 20 ] && [ ! -d "$folder" ] && continue; cause "$said"; }
  flock -w 3 9 || refuse locked "$(head -c 300 -- "$lock" | head -n 1)"
  # The holder before this one removes the file. A lock on a removed file is none.
  [ "$(stat -c %i -- "$lock" 2>/dev/null)" = "$(stat -Lc %i /proc/self/fd/9)" ] && break
  [ $tries -lt 20 ] || refuse other "$lock is removed again and again"
done
mine="$(date -u +%FT%TZ) $by, process $$"
said=$({ printf '%s\\n' "$mine" > "$lock"; } 2>&1) || { rm -f -- "$lock"; cause "$said"; }
said=$(rm -rf -- "$work" && mkdir -m 700 -- "$work" 2>&1) || { rm -f -- "$lock"; cause "$said"; }
export HXLLM_WORK=$work
# A script that has begun ends without a connection, and keeps the lock until then: it has the open file, too. So the lock is free for
# a second opening of the file only when every script has ended. Another holder writes another line.
release() {
  local tries
  for ((tries = 0; tries < 3000; tries++)); do
    [ "$(head -n 1 -- "$1" 2>/dev/null)" = "$3" ] && exec 9<> "$1" || break
    flock -n 9 && { rm -rf -- "$2" "$1"; break; }
    exec 9>&-
    sleep 0.2
  done
  # A relay that still waits for a job reads the end of its pipes.
  rm -rf -- "$4"
  rmdir -- "$5" 2>/dev/null
}
# sudo kills this program two seconds after the end of a session has ended sudo. The keeper is in a session of its own, and gives the lock
# back when this program is gone, however it ended: the pipe to it closes then. By then another run may have the lock, whose steps it must not stop.
keep='trap "" HUP INT TERM PIPE; cat > /dev/null; [ "$(head -n 1 -- "$1" 2> /dev/null)" != "$3" ] || { : > "$2/stop"; } 2> /dev/null; release "$@"'
exec 6> >(exec setsid bash -c "$(declare -f release); $keep" hxllm "$lock" "$work" "$mine" "$inbox" "$folder" > /dev/null 2>&1 9>&-)
declare -A jobs kinds
# With KillUserProcesses=yes a session's end kills all of its processes. A script that must be whole gets a scope of its own.
aside() {
  [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] || return
  systemd-run --quiet --scope --collect -- true < /dev/null > /dev/null 2>&1
}
${CHILD}
alive() { [ -n "\${jobs[$1]}" ] && child "\${jobs[$1]}"; }
start() {
  (
    trap - HUP INT TERM PIPE
    exec 3>&- 4>&- 5>&- 6<> "$inbox/$1.in" 7<> "$inbox/$1.out" 8<> "$inbox/$1.err" || exit
    exec 0< "$inbox/$1.in" 1> "$inbox/$1.out" 2> "$inbox/$1.err" 6>&- 7>&- 8<> "$inbox/$1.code"
    rm -f -- "$inbox/$1".*
    echo go >&8
    # bash reads one byte after the other from a pipe, so the rest of the input stays for the command.
    IFS= read -r line && eval "set -- $line" || { echo 125 >&8; exit; }
    cd /
    end='kill -TERM "$child" 2>/dev/null' around=(timeout -k 5 "$LIMIT")
    if [ "$kind" = whole ]; then
      end= around=()
      if aside; then around=(systemd-run --quiet --scope --collect --); fi
    fi
    setsid "\${around[@]}" "$@" 0<&0 8>&- & child=$!
    trap "$end" HUP INT TERM PIPE
    wait "$child"; code=$?
    while child "$child"; do wait "$child"; code=$?; done
    echo "$code" >&8
  ) &
  jobs[$1]=$! kinds[$1]=$2
}
[ ! -p "$inbox/words" ] || exec < "$inbox/words"
exec 4<&0 3<> "$inbox/jobs" 5<> "$inbox/ready"
# A silence that is too long ends the run too: a host may not notice for hours that a connection is gone. A session's end may send SIGTERM
# before the input ends; without this reader the lock would be held until the session's SIGKILL.
{ trap '' HUP INT TERM PIPE; while read -r -t "$silence" word; do [ "$word" = beat ] || echo "$word" >&3; done; echo gone >&3; } <&4 6>&- 9>&- &
echo ready >&5
while read -r -t 15000 word n kind limit <&3; do
  case $word in
    job) LIMIT=$limit start "$n" "$kind";;
    stop) [ "\${kinds[$n]}" = whole ] || ! alive "$n" || kill -TERM "\${jobs[$n]}";;
    between) : > "$work/stop";;
    late) for n in "\${!jobs[@]}"; do [ "\${kinds[$n]}" != steps ] || ! alive "$n" || kill -TERM "\${jobs[$n]}"; done;;
    gone) break;;
  esac
done
{ : > "$work/stop"; } 2>/dev/null
for n in "\${!jobs[@]}"; do [ "\${kinds[$n]}" != any ] || ! alive "$n" || kill -TERM "\${jobs[$n]}"; done
exec 9>&-
release "$lock" "$work" "$mine" "$inbox" "$folder"
exit 0
}`;

/** The exit code of RELAY if HOLDER has gone; the job has not begun. */
export const GONE = 76;

/** Runs one job in the folder `$inbox`. `$1` token, `$2` number, `$3` kind (`any`, `steps`, `whole`), `$4` seconds, then the command; its input is the session's. */
const JOB = `
${CHILD}
n=$2 kind=$3 limit=$4; shift 4
at=$inbox/$n
[ -p "$inbox/jobs" ] && mkfifo -m 600 -- "$at.in" "$at.out" "$at.err" "$at.code" 2>/dev/null || exit ${String(GONE)}
# Open for reading and writing a pipe blocks nobody and loses nothing, until the job has opened its ends.
exec 3<> "$inbox/jobs" 4<> "$at.code" 5<> "$at.in" 6<> "$at.out" 7<> "$at.err" 8> "$at.in" 9<&0 {o}< "$at.out" {e}< "$at.err"
cat <&"$o" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- {o}<&- {e}<&- & out=$!
cat <&"$e" >&2 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- {o}<&- {e}<&- & err=$!
exec {o}<&- {e}<&-
end() { local each; for each; do ! child "$each" || kill "$each"; done; }
trap 'echo "stop $n" >&3; end "$out" "$err"; exit 143' HUP INT TERM PIPE
echo "job $n $kind $limit" >&3
read -r -t 15 word <&4 && [ "$word" = go ] || { end "$out" "$err"; exit ${String(GONE)}; }
exec 5>&- 6>&- 7>&-
{ printf '%q ' "$@"; echo; exec cat <&9; } >&8 2>/dev/null 3>&- 4>&- & feed=$!
exec 8>&- 9<&-
wait "$out" "$err"
# The code comes at once after the end of the output, unless the job's keeper was killed.
read -r -t 5 code <&4 || code=137
end "$feed"
exit "$code"
`;

/** Runs one job; the arguments are those of JOB. */
export const RELAY = `
export LC_ALL=C; umask 077
${PLACES}
inbox=
for place in "\${places[@]}"; do [ -O "$place/hxllm-$1" ] && inbox=$place/hxllm-$1 && break; done
${JOB}`;

/** The line of {@link FIRST_RELAY} when HOLDER has the lock. */
export const READY = 'hxllm:ready';

/**
 * Waits until HOLDER has the lock, and says so. Then it runs one job, whose arguments come with the input, quoted for bash, up to a zero
 * byte. `$1` token.
 */
export const FIRST_RELAY = `
export LC_ALL=C; umask 077
${PLACES}
inbox=
# Most often it is there within a tenth of a second.
for ((tries = 0; tries < 625; tries++)); do
  for place in "\${places[@]}"; do
    [ -O "$place/hxllm-$1" ] && [ -p "$place/hxllm-$1/ready" ] && inbox=$place/hxllm-$1 && break 2
  done
  if [ $tries -lt 25 ]; then sleep 0.02; else sleep 0.1; fi
done
[ -n "$inbox" ] && exec 3<> "$inbox/ready" && read -r -t 60 word <&3 && [ "$word" = ready ] || exit 75
echo ${READY}
exec 3>&-
IFS= read -r -d '' words || exit 0
eval "set -- $words"
${JOB}`;
