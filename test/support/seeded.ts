import { createCipheriv, createHash } from 'node:crypto'

/**
 * The keystream of ChaCha20 under the SHA-256 of a seed, nonce and counter zero, in pieces: the data of the test vectors
 * of IPIP-499, which Kubo's and Helia's own tests make in the same way.
 */
export function* seededPieces(seed: string, sizeBytes: number, pieceBytes = 1_048_576): Generator<Uint8Array> {
  const cipher = createCipheriv('chacha20', createHash('sha256').update(seed).digest(), Buffer.alloc(16))
  const zeros = Buffer.alloc(Math.min(pieceBytes, sizeBytes))
  for (let left = sizeBytes; left > 0; left -= pieceBytes) {
    yield cipher.update(zeros.subarray(0, Math.min(pieceBytes, left)))
  }
}

/** The same, whole. */
export function seededBytes(seed: string, sizeBytes: number): Uint8Array {
  return Buffer.concat([...seededPieces(seed, sizeBytes)])
}
