export const MAIN = 'inventories/group_vars/all/main.yml';
