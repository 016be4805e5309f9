// The watchdog's own program. Detached from the runner's terminal and deaf to the signals that end the runner, it
// leaves when the runner says goodbye, or when everything is undone.

import { systemClock } from '../../base/clock.ts';
import { identify } from '../targets/process/proc.ts';
import { systemBoot } from './boot.ts';
import { Journal } from './journal.ts';
import { type FromWatchdog, type ToWatchdog, Watchdog, type WatchdogOrder } from './watchdog.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const)
  process.on(signal, () => {});

const order = JSON.parse(process.argv[2] ?? '') as WatchdogOrder;
const journal = new Journal({ state: order.state, uid: process.getuid!(), boot: systemBoot });
const send = (message: FromWatchdog) => {
  // Sending fails when the runner has just died; its death is noticed by itself.
  if (process.connected) process.send!(message, () => {});
};
const watchdog = new Watchdog(journal, order, systemClock, send);
process.on('message', (message) => watchdog.receive(message as ToWatchdog));
process.on('disconnect', () => watchdog.disconnected());
// The folder that the runner was started in must be free to be unmounted.
process.chdir('/');
send({ type: 'ready', watchdog: identify(process.pid)! });
await watchdog.watch();
process.exit(0);
