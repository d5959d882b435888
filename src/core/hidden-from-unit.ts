/**
 * The folders below which the service sees nothing: the unit has ProtectHome, PrivateTmp and PrivateDevices; /run is emptied at a
 * boot.
 */
export const HIDDEN_FROM_UNIT = ['/dev', '/home', '/proc', '/root', '/run', '/sys', '/tmp', '/var/run', '/var/tmp'];
