/** A small file in MaxMind's format, for tests. https://maxmind.github.io/MaxMind-DB/ */
export function mmdbFile(networks: { readonly [network: string]: object }, ipVersion: 4 | 6 = 6): Buffer {
  // Nodes of the search tree: a record is another node, a place among the data, or nothing.
  type Item = { node: number } | { data: number } | undefined;
  const nodes: [Item, Item][] = [[undefined, undefined]];
  const data: Buffer[] = [];
  let dataLength = 0;

  for (const [network, record] of Object.entries(networks)) {
    const bits = bitsOf(network, ipVersion);
    const encoded = encode(record);
    let at = 0;
    for (const [depth, bit] of bits.entries()) {
      const node = nodes[at] as [Item, Item];
      if (depth === bits.length - 1) {
        node[bit] = { data: dataLength };
        break;
      }
      const next = node[bit];
      if (next !== undefined && 'node' in next) at = next.node;
      else {
        nodes.push([undefined, undefined]);
        node[bit] = { node: nodes.length - 1 };
        at = nodes.length - 1;
      }
    }
    data.push(encoded);
    dataLength += encoded.length;
  }

  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, node] of nodes.entries()) {
    for (const [side, item] of node.entries()) {
      const value = item === undefined ? nodes.length : 'node' in item ? item.node : nodes.length + 16 + item.data;
      tree.writeUIntBE(value, index * 6 + side * 3, 3);
    }
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    database_type: 'Test-City',
    description: { en: 'test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('abcdef4d61784d696e642e636f6d', 'hex'), metadata]);
}

/** `203.0.113.0/24` as the way down the tree; IPv4 lies under 96 zeros of IPv6. */
function bitsOf(network: string, ipVersion: 4 | 6): (0 | 1)[] {
  const [address = '', length = ''] = network.split('/');
  const isV4 = address.includes('.');
  const bytes = isV4 ? address.split('.').map(Number) : bytesOfV6(address);
  const bits = bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => ((byte >> bit) & 1) as 0 | 1));
  const prefix = isV4 && ipVersion === 6 ? new Array<0>(96).fill(0) : [];
  return [...prefix, ...bits.slice(0, Number(length))];
}

function bytesOfV6(address: string): number[] {
  const [left = '', right = ''] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((part) => Number.parseInt(part, 16));
  const [before, after] = [groups(left), groups(right)];
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  return all.flatMap((group) => [group >> 8, group & 255]);
}

/** Texts, whole numbers, lists and objects; the types are numbered by the format. */
function encode(value: unknown): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const entries = Object.entries(value as object);
  return Buffer.concat([
    control(7, entries.length),
    ...entries.flatMap(([key, inner]) => [encode(key), encode(inner)]),
  ]);
}

function control(type: number, size: number): Buffer {
  if (size > 28) throw new Error('longer than these tests need');
  return type > 7 ? Buffer.from([size, type - 7]) : Buffer.from([(type << 5) | size]);
}
