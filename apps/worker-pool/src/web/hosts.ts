/** The host of a URL as configurations name it: without the brackets of IPv6. */
export const hostOf = ({ hostname }: Pick<URL, 'hostname'>): string => hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');

const portOf = ({ port, protocol }: Pick<URL, 'port' | 'protocol'>): string => port || (protocol === 'https:' ? '443' : '80');

/**
 * Whether a list has the host of a URL: `api.example.com`, one port of it (`localhost:8080`), the hosts below a domain (`*.example.com`), or
 * all (`*`).
 */
export const isListed = (url: Pick<URL, 'hostname' | 'port' | 'protocol'>, list: readonly string[]): boolean => {
  const host = hostOf(url).toLowerCase();
  return list.some((entry) => {
    const wanted = entry.toLowerCase();
    if (wanted === '*' || wanted === host || wanted === `${host}:${portOf(url)}` || wanted === `[${host}]:${portOf(url)}`) return true;
    return wanted.startsWith('*.') && host.endsWith(wanted.slice(1));
  });
};
