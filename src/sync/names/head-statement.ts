import { ipnsMultihash } from './ipns-name.ts'

/** What a repository says of a branch that is not in its manifest: which IPNS name is the branch's. */
export interface HeadStatement {
  /** The repository's own IPNS name (`k51…`), whose key signs. */
  repository: string
  /** `refs/heads/main`. */
  ref: string
  /** The branch's IPNS name (`k51…`), whose records say what the branch is. */
  name: string
}

/**
 * Signs a statement by the repository's private key (libp2p's protobuf). Without it anybody's name could pass for a branch
 * of the repository.
 */
export async function signHeadStatement(privateKey: Uint8Array, statement: HeadStatement): Promise<Uint8Array> {
  const { privateKeyFromProtobuf } = await import('@libp2p/crypto/keys')
  return privateKeyFromProtobuf(privateKey).sign(signedBytes(statement))
}

/** Whether the key of the repository's name has signed a statement; false too for a name that holds no key. */
export async function isHeadStatementTrue(statement: HeadStatement, signature: Uint8Array): Promise<boolean> {
  const { publicKeyFromMultihash } = await import('@libp2p/crypto/keys')
  try {
    const multihash = ipnsMultihash(statement.repository) as Parameters<typeof publicKeyFromMultihash>[0]
    return await publicKeyFromMultihash(multihash).verify(signedBytes(statement), signature)
  } catch {
    return false
  }
}

/** See src/sync/README.md, Refs. */
function signedBytes({ repository, ref, name }: HeadStatement): Uint8Array {
  return Buffer.from(['jzfs-head/1', repository, ref, name].map((line) => `${line}\n`).join(''))
}
