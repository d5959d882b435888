/**
 * Asks every resolver of the host about names. Arguments: the port (53), the folder above `etc` and `run` (empty),
 * `yes` where a domain is required, the names. bash sends
 * DNS messages (RFC 1035) over /dev/udp, and over /dev/tcp where an answer was cut, so no dig and no resolvectl are needed. Its lines:
 * `resolver ADDRESS PLACE TLS` (`tls`: it is asked by DNS over TLS, through the stub alone), `ignored ADDRESS`, `search DOMAIN…`, `sources WORD…` (nsswitch), `own NAME FQDN`, `address ADDRESS`,
 * `config FILE TARGET WRITER`, `nss NAME ADDRESS…`, `hosts NAME LINE`, `domain NAME`, and
 * `answer RESOLVER TYPE NAME STATE BASE64`, with tabs between the fields.
 */
export const DNS_SCRIPT = String.raw`
port=$1 top=$2 joins=$3; shift 3
tab=$'\t'

# A request as \x escapes: a random id, recursion wanted, one question of class IN.
request() {
  local IFS=. label hex text i
  printf -v text '\\x%02x\\x%02x\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00' $((RANDOM & 255)) $((RANDOM & 255))
  set -f
  for label in $2; do
    printf -v hex '\\x%02x' "${'${#label}'}"; text+=$hex
    for ((i = 0; i < ${'${#label}'}; i++)); do printf -v hex '\\x%02x' "'${'${label:i:1}'}"; text+=$hex; done
  done
  printf -v hex '\\x00\\x00\\x%02x\\x00\\x01' "$1"
  printf %s "$text$hex"
}

# One datagram: bash would send a part at each line feed.
by_udp() {
  exec 3<>"/dev/udp/$1/$port" || return 1
  printf %b "$2" | dd bs=512 iflag=fullblock count=1 >&3 || return 1
  timeout 2 dd bs=65535 count=1 <&3 | base64 -w0
  return "${'${PIPESTATUS[0]}'}"
}

by_tcp() {
  local hex length
  printf -v hex '\\x%02x\\x%02x' $((${'${#2}'} / 4 >> 8)) $((${'${#2}'} / 4 & 255))
  timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1
printf %b "$3" | dd bs=1024 iflag=fullblock count=1 >&3
length=($(dd bs=1 count=2 <&3 | od -An -tu1))
dd bs=$((length[0] * 256 + length[1])) iflag=fullblock count=1 <&3 | base64 -w0' hxllm "$1" "$port" "$hex$2"
}

# Twice, as glibc does by default. A closed port answers at once, with an error of ICMP.
lookup() {
  local server=$1 type=$2 name=$3 text answer code state=silent
  case $type in A) code=1;; PTR) code=12;; AAAA) code=28;; SRV) code=33;; esac
  text=$(request "$code" "$name")
  for _ in 1 2; do
    answer=$(by_udp "$server" "$text" 2>/dev/null); code=$?
    if [ -n "$answer" ]; then state=answered; break; fi
    if [ $code = 1 ]; then state=refused; break; fi
  done
  # The fourth character of base64 has the bit TC of the third byte: the whole answer comes over TCP.
  case ${'${answer:3:1}'} in
    [CDGHKLOPSTWXabefijmnqruvyz2367+/]) text=$(by_tcp "$server" "$text" 2>/dev/null) && [ -n "$text" ] && answer=$text || state=cut;;
  esac
  printf '%s\n' "answer$tab$server$tab$type$tab$name$tab$state$tab$answer"
}

reverse() {
  local IFS address=$1 digits= group i out=
  if [[ $address != *:* ]]; then
    IFS=.; set -- $address; printf %s "$4.$3.$2.$1.in-addr.arpa"; return
  fi
  local IFS=: head=${'${address%%::*}'} tail= first last zero=()
  [[ $address != *::* ]] || tail=${'${address##*::}'}
  first=($head) last=($tail)
  for ((i = ${'${#first[@]}'} + ${'${#last[@]}'}; i < 8; i++)); do zero+=(0); done
  for group in "${'${first[@]}'}" "${'${zero[@]}'}" "${'${last[@]}'}"; do printf -v group %04x "0x$group"; digits+=$group; done
  for ((i = 31; i >= 0; i--)); do out+=${'${digits:i:1}'}.; done
  printf %s "${'${out}'}ip6.arpa"
}

# The names of an address, from the first resolver that answers. The host's own address is asked of all, and not of the stub of
# systemd-resolved, which makes up an answer from the host's name.
back() {
  local server said
  case $1 in fe80:*|127.*|::1) return;; esac
  for server in "${'${servers[@]}'}"; do
    [ "$2" = own ] && [ $stub = yes ] && [ ${'${#servers[@]}'} != 1 ] && case $server in 127.0.0.5[34]) continue;; esac
    said=$(lookup "$server" PTR "$(reverse "$1")"); printf '%s\n' "$said"
    [ "$2" = own ] || [[ $said != *"$tab"answered"$tab"* ]] || return
  done
}

jobs=()
also() { local fd; exec {fd}< <("$@"); jobs+=("$fd"); }
collect() { local fd; for fd in "${'${jobs[@]}'}"; do cat <&"$fd"; exec {fd}<&-; done; }

# The addresses of a name as programs see them (NSS), and the names of these addresses.
inquire() {
  local name=$1 address rest all=()
  while read -r address rest; do
    [[ " ${'${all[*]}'} " = *" $address "* ]] || all+=("$address")
  done < <(timeout 12 getent ahosts "$name")
  local IFS=$tab; printf '%s\n' "nss$tab$name$tab${'${all[*]}'}"; IFS=' '
  jobs=()
  for address in "${'${all[@]}'}"; do [ "$name" = "$address" ] || also back "$address"; done
  collect
}

servers=() named=' ' stub=no file=$top/etc/resolv.conf search= count=0
target=$(readlink -f "$file")
writer=$(grep -m1 -ioE 'systemd-resolved|NetworkManager|resolvconf|dhclient|cloud-init' "$file" 2>/dev/null)
[ -r "$file" ] || { target=missing; writer=$(readlink "$file"); }
printf '%s\n' "config$tab/etc/resolv.conf$tab$target$tab$writer"
use() {
  [[ $named = *" $1 "* ]] && return
  named+="$1 "; [ -n "$3" ] || servers+=("$1")
  printf '%s\n' "resolver$tab$1$tab$2$tab$3"
}
# resolv.conf(5): glibc takes the first three, and the last of search and domain.
while read -r word value rest; do
  case $word in
    nameserver)
      count=$((count + 1))
      if [ $count -gt 3 ]; then printf '%s\n' "ignored$tab$value"; continue; fi
      case $value in 127.0.0.53|127.0.0.54) stub=yes;; esac
      use "$value" resolv.conf;;
    search) search="$value $rest";;
    domain) search=$value;;
  esac
done < <(cat "$file" 2>/dev/null)
# The servers behind the stub of systemd-resolved, by link.
if [ $stub = yes ]; then
  found= tls=
  case $(timeout 5 resolvectl dnsovertls 2>/dev/null) in *': yes'*) tls=tls;; esac
  while read -r line; do
    link=${'${line%%: *}'}; link=${'${link##*(}'}; link=${'${link%)}'}
    for server in ${'${line#*: }'}; do
      [[ $line = *': '* ]] || continue
      server=${'${server%%#*}'}; case $server in \[*) server=${'${server#[}'}; server=${'${server%%]*}'};; *.*:*) server=${'${server%%:*}'};; esac
      found=yes; use "$server" "$link" $tls
    done
  done < <(timeout 5 resolvectl dns 2>/dev/null)
  [ -n "$found" ] || while read -r word value _; do
    [ "$word" != nameserver ] || use "$value" systemd-resolved $tls
  done < <(cat "$top/run/systemd/resolve/resolv.conf" 2>/dev/null)
fi
# systemd-resolved writes \`search .\` where there is no search domain.
search=$(for domain in $search; do [ "$domain" = . ] || printf '%s ' "${'${domain%.}'}"; done); printf '%s\n' "search$tab${'${search% }'}"
printf '%s\n' "sources$tab$(sed -n 's/^hosts:[[:space:]]*//p' "$top/etc/nsswitch.conf" 2>/dev/null | head -n 1)"

own=$(uname -n) full=
case $own in
  *.*) full=$own;;
  *)
    read -r _ _ full < <(timeout 12 getent ahosts "$own")
    case $full in *.*) ;; *) full=; [ -z "$search" ] || full=$own.${'${search%% *}'};; esac;;
esac
printf '%s\n' "own$tab$own$tab$full"

all=()
for name in $full "$@"; do
  [[ " ${'${all[*]}'} " = *" $name "* ]] || all+=("$name")
done
for name in "${'${all[@]}'}"; do
  # A word of the line, not a part of one: llm is no name of a line with llm.lab.test.
  grep -nwiF -- "$name" "$top/etc/hosts" 2>/dev/null |
    while shopt -s nocasematch; IFS= read -r line; do
      line=${'${line//$tab/ }'} words=${'${line%%#*}'}
      case " ${'${words#*:}'} " in *" $name "*) printf '%s\n' "hosts$tab$name$tab$line";; esac
    done
done

# A name is asked as it is, and where it is short with each search domain.
asked=()
for name in "${'${all[@]}'}"; do
  case $name in
    localhost|*.localhost) ;;
    *.*) asked+=("$name");;
    *) for domain in $search; do asked+=("$name.$domain"); done;;
  esac
done
[ ${'${#asked[@]}'} != 0 ] || asked=("$own")
done=' '
for name in "${'${asked[@]}'}"; do
  [[ $done = *" $name "* ]] && continue
  done+="$name "
  for server in "${'${servers[@]}'}"; do also lookup "$server" A "$name"; also lookup "$server" AAAA "$name"; done
done
for name in "${'${all[@]}'}"; do also inquire "$name"; done

# The address by which the host was reached, else its global ones.
set -- $SSH_CONNECTION
reached=${'${3#::ffff:}'}
case $reached in
  ''|fe80:*|127.*|::1)
    reached=$(ip -o addr show scope global 2>/dev/null | while read -r _ _ _ address _; do printf '%s\n' "${'${address%/*}'}"; done | head -n 4);;
esac
for address in $reached; do printf '%s\n' "address$tab$address"; also back "$address" own; done

[ "$joins" = yes ] && for domain in $(timeout 4 realm list --name-only 2>/dev/null) $search ${'${full#*.}'}; do
  case $domain in *.*) ;; *) continue;; esac
  [[ $done = *" .$domain "* ]] && continue
  done+=".$domain "; printf '%s\n' "domain$tab$domain"
  for server in "${'${servers[@]}'}"; do
    also lookup "$server" SRV "_ldap._tcp.dc._msdcs.$domain"; also lookup "$server" SRV "_kerberos._tcp.$domain"
  done
done
collect
exit 0
`;
