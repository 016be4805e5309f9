// Loaded into a Node.js target before its own code (NODE_OPTIONS=--require), on Node.js 20 or newer, in every thread
// and every Node.js child: points both of Node's resolvers at the DNS server that FIREDRILL_DNS_SERVER names.
// dns.resolve* ask a server anyway and get another default; dns.lookup, and with it net, http and fetch, asks the C
// library, and is answered here as that would with `hosts: files dns` and our server in resolv.conf.

'use strict';

const dns = require('node:dns');
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const net = require('node:net');
const os = require('node:os');

const server = process.env.FIREDRILL_DNS_SERVER;
const original = { lookup: dns.lookup, promisesLookup: dns.promises.lookup };

/** glibc asks each server twice (resolv.conf, attempts). */
const resolver = server ? new dns.promises.Resolver({ tries: 2 }) : undefined;

if (server) {
  resolver.setServers([server]);
  dns.setServers([server]);
  dns.promises.setServers([server]);
  dns.Resolver = withDefaultServer(dns.Resolver);
  dns.promises.Resolver = withDefaultServer(dns.promises.Resolver);
  dns.lookup = dressedAs(original.lookup, lookup);
  dns.promises.lookup = dressedAs(original.promisesLookup, promisesLookup);
  syncBuiltinESMExports();
}

function withDefaultServer(Original) {
  return class Resolver extends Original {
    constructor(...args) {
      super(...args);
      this.setServers([server]);
    }
  };
}

/** The same name, length and symbols: util.promisify finds by one of them what the callback is given. */
function dressedAs(model, replacement) {
  return Object.defineProperties(replacement, Object.getOwnPropertyDescriptors(model));
}

function lookup(...args) {
  const [hostname, options, callback] = args;
  const done = typeof options === 'function' ? options : callback;
  const wanted =
    typeof done === 'function' && readOptions(hostname, typeof options === 'function' ? {} : options);
  // What is odd, numeric or in /etc/hosts never comes to a DNS server: the original has the right answer or error.
  if (!wanted) return original.lookup(...args);
  find(hostname, wanted).then(
    (found) => {
      // Outside of the promise, so that what the callback throws is uncaught as it would be otherwise.
      if (wanted.all) setImmediate(done, null, found);
      else setImmediate(done, null, found[0].address, found[0].family);
    },
    (error) => setImmediate(done, error),
  );
  return {};
}

function promisesLookup(...args) {
  const [hostname, options] = args;
  const wanted = readOptions(hostname, options);
  if (!wanted) return original.promisesLookup(...args);
  return find(hostname, wanted).then((found) => (wanted.all ? found : found[0]));
}

/** What is asked for, or undefined when the original is to deal with it. */
function readOptions(hostname, options) {
  if (typeof hostname !== 'string' || hostname === '' || isNumeric(hostname) || isLocal(hostname))
    return undefined;
  const given = typeof options === 'number' ? { family: options } : (options ?? {});
  if (typeof given !== 'object') return undefined;
  const family = { IPv4: 4, IPv6: 6 }[given.family] ?? given.family ?? 0;
  const hints = given.hints ?? 0;
  const order = given.order ?? orderOf(given.verbatim);
  const valid =
    [0, 4, 6].includes(family) &&
    typeof hints === 'number' &&
    (hints & ~(dns.ADDRCONFIG | dns.V4MAPPED | dns.ALL)) === 0 &&
    ['boolean', 'undefined'].includes(typeof (given.all ?? undefined)) &&
    ['boolean', 'undefined'].includes(typeof (given.verbatim ?? undefined)) &&
    ['verbatim', 'ipv4first', 'ipv6first'].includes(order);
  return valid ? { family, hints, order, all: given.all === true } : undefined;
}

function orderOf(verbatim) {
  if (verbatim === undefined || verbatim === null) return dns.getDefaultResultOrder();
  return verbatim ? 'verbatim' : 'ipv4first';
}

/** An IP address in one of the forms that inet_aton takes (`127.1`, `0x7f000001`), or IPv6. */
function isNumeric(hostname) {
  const part = '(0x[0-9a-f]+|[0-9]+)';
  return net.isIP(hostname) !== 0 || new RegExp(`^${part}(\\.${part}){0,3}$`, 'i').test(hostname);
}

let hostsNames = new Set();
let hostsReadAt = 0;

function isLocal(hostname) {
  if (Date.now() - hostsReadAt > 1000) {
    hostsReadAt = Date.now();
    const lines = readText('/etc/hosts').split('\n');
    hostsNames = new Set(
      lines.flatMap((line) => line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/).slice(1)),
    );
  }
  const name = hostname.toLowerCase();
  return name === 'localhost' || name === os.hostname().toLowerCase() || hostsNames.has(name);
}

/** The addresses of a name, or the error of getaddrinfo(3). */
async function find(hostname, wanted) {
  const failures = new Set();
  for (const name of candidates(hostname)) {
    const result = await findExactly(name, wanted);
    if (result.addresses.length > 0) return inOrder(result.addresses, wanted.order);
    for (const failure of result.failures) failures.add(failure);
  }
  throw lookupError(failures, hostname);
}

/** The name and its forms with the search list, in the order of resolv.conf(5). */
function candidates(hostname) {
  if (hostname.endsWith('.')) return [hostname];
  const lines = readText('/etc/resolv.conf').split('\n');
  const words = lines.map((line) => line.trim().split(/\s+/));
  const search = words.findLast(([keyword]) => keyword === 'search' || keyword === 'domain')?.slice(1) ?? [];
  const options = words.filter(([keyword]) => keyword === 'options').flat();
  const dotsMin = Number(options.findLast((option) => option.startsWith('ndots:'))?.slice(6) ?? 1);
  const extended = search.filter((suffix) => suffix !== '.').map((suffix) => `${hostname}.${suffix}`);
  const dots = hostname.split('.').length - 1;
  return dots >= dotsMin ? [hostname, ...extended] : [...extended, hostname];
}

async function findExactly(name, { family, hints }) {
  const mapped = family === 6 && (hints & dns.V4MAPPED) !== 0;
  const [four, six] = await Promise.all([
    (family !== 6 || mapped) && hasFamily(4, hints) ? ask('resolve4', name) : nothing,
    family !== 4 && hasFamily(6, hints) ? ask('resolve6', name) : nothing,
  ]);
  const fours = four.found.map((address) => ({ address, family: 4 }));
  const sixes = six.found.map((address) => ({ address, family: 6 }));
  const failures = [four.failure, six.failure];
  if (!mapped) return { failures, addresses: [...fours, ...sixes] };
  const mappedFours = fours.map(({ address }) => ({ address: `::ffff:${address}`, family: 6 }));
  const useFours = sixes.length === 0 || (hints & dns.ALL) !== 0;
  return { failures, addresses: useFours ? [...sixes, ...mappedFours] : sixes };
}

const nothing = { found: [], failure: undefined };

async function ask(method, name) {
  try {
    return { found: await resolver[method](name), failure: undefined };
  } catch (error) {
    return { found: [], failure: error.code };
  }
}

/** AI_ADDRCONFIG: only families of which the machine has an address other than loopback. */
function hasFamily(family, hints) {
  if ((hints & dns.ADDRCONFIG) === 0) return true;
  return addressesOfMachine().some((address) => address.family === `IPv${family}` && !address.internal);
}

/** `verbatim` is the order of RFC 6724, which puts what cannot be reached from here last. */
function inOrder(addresses, order) {
  const sixes = order === 'ipv6first' || (order === 'verbatim' && reachesIPv6());
  return [...addresses].sort((a, b) => (sixes ? b.family - a.family : a.family - b.family));
}

function reachesIPv6() {
  return addressesOfMachine().some(
    ({ family, internal, address }) => family === 'IPv6' && !internal && !address.startsWith('fe80:'),
  );
}

function addressesOfMachine() {
  return Object.values(os.networkInterfaces()).flat();
}

/**
 * The error that Node.js makes of getaddrinfo's, the same properties in the same order. A name that exists without
 * such an address (EAI_NODATA) and one that does not (EAI_NONAME) differ in the number only.
 */
function lookupError(failures, hostname) {
  const again = [...failures].some((failure) => ![undefined, dns.NOTFOUND, dns.NODATA].includes(failure));
  const code = again ? 'EAI_AGAIN' : 'ENOTFOUND';
  const errno = again ? -3001 : failures.has(dns.NODATA) ? -3007 : -3008;
  const error = new Error(`getaddrinfo ${code} ${hostname}`);
  return Object.assign(error, { errno, code, syscall: 'getaddrinfo', hostname });
}

function readText(path) {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
