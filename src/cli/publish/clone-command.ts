/** What stands for the address of a node that does not listen. */
const NO_ADDRESS = 'ADDRESS'

/** How a clone is asked for. */
interface CloneWords {
  /** What this program is called (default: `jzfs`). */
  program?: string | undefined
  /** An IPNS name. */
  name: string
  folder?: string
  /** Where the node that gives it listens. */
  addresses: readonly string[]
}

/** The command that clones what is published under an IPNS name from a node, as it can be pasted into a shell. */
export function cloneCommand({ program = 'jzfs', name, folder, addresses }: CloneWords): string {
  const words = [program, 'clone', `ipns://${name}`, ...(folder === undefined ? [] : [folder])]
  return [...words, '--peer', widestAddress(addresses) ?? NO_ADDRESS].map(quoteForShell).join(' ')
}

/** The address that most can reach: one of this machine alone only where there is no other. */
function widestAddress(addresses: readonly string[]): string | undefined {
  return addresses.find((address) => !LOOPBACK.test(address)) ?? addresses[0]
}

const LOOPBACK = /^\/(?:ip4\/127\.|ip6\/::1\/)/

function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
