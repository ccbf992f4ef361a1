import type { Home } from '../../node/home/home.ts'
import { readSource } from '../network.ts'

/** Reads which pin is meant: by the label that its user gave it, its IPNS name or its CID. Throws what `readSource` throws. */
export async function readPin(home: Home, text: string): Promise<{ label: string }> {
  const { findPinByName } = await import('../../node/pins/update-pin.ts')
  const label = findPinByName(home, text)
  if (label !== undefined) return { label }
  const source = await readSource(text)
  return { label: 'name' in source ? source.name : source.cid.toV1().toString() }
}
