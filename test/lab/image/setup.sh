# Runs once inside the new image: what is the same for every host of the lab.
set -eu
export DEBIAN_FRONTEND=noninteractive

# The unprivileged user that operators log in as, with sudo that does not ask.
useradd --create-home --uid 1000 --shell /bin/bash deploy
printf 'deploy ALL=(ALL:ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/deploy
chmod 0440 /etc/sudoers.d/deploy

# fish brings Python, which a host of hxllm's does not need: no test may find it by chance.
dpkg-query --show --showformat '${Package}\n' 'python3*' 'libpython3*' 2>/dev/null | xargs -r dpkg --purge --force-all >/dev/null 2>&1

# Each host gets an identity of its own at boot.
rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id /etc/hostname /etc/resolv.conf /etc/hosts
: >/etc/machine-id

# Names are asked from the lab's own server; sshd need not ask it who calls.
printf 'UseDNS no\nMaxStartups 100:30:200\n' >/etc/ssh/sshd_config.d/lab.conf

# No console to log in at, and no network to fetch packages from.
systemctl mask --quiet getty.target console-getty.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service

rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log /var/log/bootstrap.log /var/log/alternatives.log
