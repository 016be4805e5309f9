// Publishes a zone: once a second it writes the zone file with a new serial, the Unix time of its publication. Many zones
// that a program makes have such serials, and then `time() - serial` is how old the published zone is.
//
//   node publisher.js      ZONE_FILE: where the zone is written

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { zone, zoneFile } from './zone.js';

const everyMs = 1000;

function publish() {
  const serial = Math.floor(Date.now() / 1000);
  // Renamed into its place: nobody ever reads half of a zone.
  writeFileSync(
    `${zoneFile}.new`,
    `${zone}. 60 IN SOA ns.${zone}. hostmaster.${zone}. ${serial} 60 60 3600 60\n`,
  );
  renameSync(`${zoneFile}.new`, zoneFile);
}

publish();
setInterval(publish, everyMs);
process.on('SIGTERM', () => {
  rmSync(zoneFile, { force: true });
  process.exit();
});
console.log(`publishing ${zone} in ${zoneFile}`);
