/** Where a server listens: `PORT`, `HOST:PORT` or a path, as `--gdb` and `--dap` take it. */
import { UserError } from '../core/index.ts';

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** A port alone listens on the loopback interface: a debugger stub gives whoever connects the whole machine. */
export const LOOPBACK = '127.0.0.1';

/** @throws UserError when it is none of the three forms */
export function parseListenAddress(text: string): ListenAddress {
  const tcp = /^(?:(?<host>\[[^\]]+\]|[^:/]*):)?(?<port>\d+)$/.exec(text);
  if (tcp?.groups !== undefined) {
    const port = Number(tcp.groups.port);
    if (port > 65535) throw new UserError('usage', `port ${text} is out of range`, '0 to 65535');
    const host = (tcp.groups.host ?? '').replace(/^\[|\]$/g, '');
    return { kind: 'tcp', host: host === '' ? LOOPBACK : host, port };
  }
  if (text.includes('/') || (text !== '' && !text.includes(':'))) {
    // The kernel's sun_path holds 108 bytes, the terminating zero included.
    if (text.length > 107) throw new UserError('usage', 'the socket path is too long', 'at most 107 bytes');
    return { kind: 'unix', path: text };
  }
  throw new UserError('usage', `cannot listen on '${text}'`, 'give PORT, HOST:PORT or the path of a socket');
}

/** As messages show it. */
export function listenAddressText(address: ListenAddress): string {
  if (address.kind === 'unix') return address.path;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
