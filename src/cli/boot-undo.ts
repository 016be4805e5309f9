// What an administrator installs so that what a crash left is undone at every start of the machine: after a power
// failure only files can be left, but a runner in a container may also die while the machine goes on.

/** What the command line was started with. */
export interface BootUndo {
  /** Absolute paths of Node.js and of the command line's own program. */
  readonly node: string;
  readonly program: string;
  readonly state: string;
  readonly user: string;
}

/** A systemd unit and a cron line that do the same; both with every path in full, because neither has our PATH. */
export function installHint(undo: BootUndo): string {
  return [
    '# Either as /etc/systemd/system/firedrill-undo.service, then: systemctl enable firedrill-undo.service',
    unit(undo),
    `# Or as a line of /etc/cron.d/firedrill-undo:`,
    cronLine(undo),
  ].join('\n');
}

function unit({ node, program, state, user }: BootUndo): string {
  return [
    '[Unit]',
    'Description=Undo what a crashed fire drill left behind',
    'After=local-fs.target',
    '',
    '[Service]',
    'Type=oneshot',
    `User=${user}`,
    `Environment=${systemdWord(`FIREDRILL_STATE=${state}`)}`,
    `ExecStart=${[node, program].map(systemdWord).join(' ')} undo`,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

function cronLine({ node, program, state, user }: BootUndo): string {
  const words = ['env', `FIREDRILL_STATE=${state}`, node, program, 'undo'];
  return `@reboot ${user} ${words.map(shellWord).join(' ').replaceAll('%', '\\%')}`;
}

/** systemd.syntax(7): quoted, with escapes of C, and without specifiers and variables. */
function systemdWord(text: string): string {
  const plain = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w./:@=+,%$-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, '\\$&')}"`;
}

function shellWord(text: string): string {
  return /^[\w./:@=+,%-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
