#!/bin/bash
# Makes the certificates of this folder with OpenSSL 3: an authority, another one, and servers of both. Their dates are fixed, so that tests
# give the same results on every day until 2055.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
hosts='DNS:localhost,IP:127.0.0.1,IP:::1,DNS:hx-llm01-server.dev-test.hana-x.ai,DNS:hx-llm02-server.dev-test.hana-x.ai'
key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
authority() { # NAME SUBJECT
  key "$work/$1.key"
  printf '[ca]\ndefault_ca=own\n[own]\ndatabase=%s\nserial=%s\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=any\nunique_subject=no\n[any]\norganizationName=optional\ncommonName=supplied\n' \
    "$work/$1.txt" "$work/$1.serial" "$work" > "$work/$1.cnf"
  : > "$work/$1.txt"; echo 01 > "$work/$1.serial"
}
sign() { # ISSUER NAME SUBJECT EXTENSIONS START END
  [ -e "$work/$2.key" ] || key "$work/$2.key"
  openssl req -new -key "$work/$2.key" -subj "$3" -out "$work/$2.csr"
  printf '%b' "$4" > "$work/$2.ext"
  local by=(-cert "$1.pem" -keyfile "$work/$1.key")
  [ "$1" != "$2" ] || by=(-selfsign -keyfile "$work/$1.key")
  openssl ca -batch -notext -config "$work/$1.cnf" "${by[@]}" -in "$work/$2.csr" -startdate "$5" -enddate "$6" -extfile "$work/$2.ext" -out "$2.pem" 2>"$work/log" || { cat "$work/log"; exit 1; }
}
CA='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
server() { printf 'basicConstraints=critical,CA:FALSE\\nextendedKeyUsage=serverAuth\\nsubjectAltName=%s\\n' "$1"; }
old=20200101000000Z begin=20250101000000Z end=20550101000000Z
authority ca; sign ca ca '/O=Example/CN=Example Root CA' "$CA" $old $end
authority other; sign other other '/O=Example/CN=Another CA' "$CA" $old $end
authority gone; sign gone gone '/O=Example/CN=Old Root CA' "$CA" $old 20240101000000Z
sign ca good '/CN=good' "$(server "$hosts")" $begin $end
sign ca expired '/CN=expired' "$(server "$hosts")" $old 20210101000000Z
sign ca future '/CN=future' "$(server "$hosts")" 20540101000000Z $end
sign ca wrong-name '/CN=wrong-name' "$(server DNS:another.example.net)" $begin $end
sign other untrusted '/CN=untrusted' "$(server "$hosts")" $begin $end
sign other untrusted-expired '/CN=untrusted-expired' "$(server "$hosts")" $old 20210101000000Z
# A server behind an authority in between, which it sends along.
authority between; sign ca between '/O=Example/CN=Issuing CA' "$CA" $begin $end
sign between leaf '/CN=leaf' "$(server "$hosts")" $begin $end
# A server that sends its root as an earlier authority signed it, which has expired; the root itself is good.
authority early; sign early early '/O=Example/CN=Early Root CA' "$CA" $old 20240101000000Z
authority modern; sign modern modern '/O=Example/CN=Modern Root CA' "$CA" $old $end
cp "$work/modern.key" "$work/cross.key"
sign early cross '/O=Example/CN=Modern Root CA' "$CA" $old 20230101000000Z
sign modern crossed '/CN=crossed' "$(server "$hosts")" $begin $end
cat cross.pem >> crossed.pem; rm early.pem cross.pem
for name in good expired future wrong-name untrusted untrusted-expired leaf crossed; do cp "$work/$name.key" "$name.key"; done
cat between.pem >> leaf.pem
