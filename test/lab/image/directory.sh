# Runs once on Debian, in a layer of its own: the packages are its arguments.
set -eu
export DEBIAN_FRONTEND=noninteractive

# fish lost the Python that it depends on (setup.sh), which keeps apt-get from installing anything.
dpkg --purge --force-all fish fish-common >/dev/null 2>&1
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get update -qq
apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "$@" >/dev/null 2>&1 ||
  apt-get install -y -q --no-install-recommends "$@"
rm /usr/sbin/policy-rc.d

# The domain controller. Its names are served by dnsmasq, and it offers what a join needs: LDAP, Kerberos and changes of passwords.
hostname hx-dc
printf '127.0.0.1 localhost\n10.77.0.14 hx-dc.dev-test.hana-x.ai hx-dc\n' >/etc/hosts
rm -f /etc/samba/smb.conf
samba-tool domain provision --server-role=dc --use-rfc2307 --dns-backend=NONE --realm=DEV-TEST.HANA-X.AI --domain=HANAX \
  --adminpass='Passw0rd!lab' --host-name=hx-dc --host-ip=10.77.0.14 \
  --option='interfaces=lo host0' --option='bind interfaces only=yes' \
  --option='server services=rpc, nbt, ldap, cldap, kdc' >/var/log/provision 2>&1 || { tail -20 /var/log/provision; exit 1; }
# The controller adds its principals itself when it also serves DNS.
for name in ldap/hx-dc.dev-test.hana-x.ai ldap/hx-dc.dev-test.hana-x.ai/dev-test.hana-x.ai ldap/hx-dc; do samba-tool spn add "$name" 'HX-DC$' >/dev/null; done
samba-tool group add hx-llm-admins >/dev/null
samba-tool user create alice 'Alice-Pass1' >/dev/null
samba-tool group addmembers hx-llm-admins alice >/dev/null

# A member has neither the controller's data nor its configuration: they go where only the controller looks.
mkdir -p /srv/dc
mv /var/lib/samba /srv/dc/lib
mv /etc/samba/smb.conf /srv/dc/smb.conf
mkdir -p /var/lib/samba/private

# Neither the services of a file server nor those of a member that has not joined.
systemctl mask --quiet smbd.service nmbd.service winbind.service samba-ad-dc.service
rm -f /etc/krb5.keytab /etc/hosts /etc/resolv.conf /etc/hostname
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/log/apt /var/log/dpkg.log
