import type { CID } from 'multiformats/cid'

import { treeInvalid } from '../tree/tree-invalid.ts'

/** Bytes that a varint takes. `value` is a safe integer, not negative. */
export function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = rest > 0x7fff_ffff ? Math.floor(rest / 0x80) : rest >>> 7) {
    size++
  }
  return size
}

/** Writes a varint and returns the offset behind it. `value` is a safe integer, not negative. */
export function writeVarint(value: number, target: Uint8Array, offset: number): number {
  let rest = value
  let at = offset
  while (rest > 0x7fff_ffff) {
    target[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at++] = rest
  return at
}

/**
 * Reads protobuf from a block, strictly: varints are the shortest possible and at most 2^53 - 1, nothing reaches behind
 * the end. What is not so is IntegrityError `tree-invalid`, naming `cid`.
 */
export class ProtobufReader {
  readonly bytes: Uint8Array
  readonly cid: CID
  offset: number

  constructor(bytes: Uint8Array, cid: CID) {
    this.bytes = bytes
    this.cid = cid
    this.offset = 0
  }

  varint(): number {
    const first = this.bytes[this.offset]
    if (first !== undefined && first < 0x80) {
      this.offset++
      return first
    }
    return this.#longVarint()
  }

  /** Reads a length and returns where what follows ends; it must not end behind `limit`. */
  endOfField(limit: number): number {
    const length = this.varint()
    const end = this.offset + length
    if (end > limit) {
      throw treeInvalid(this.cid, 'a field reaches behind its end')
    }
    return end
  }

  /** Reads a tag and a length of a length-delimited field and skips what it holds. Returns the tag. */
  skipField(tag: number, limit: number): void {
    const wireType = tag & 7
    if (wireType === 0) {
      this.varint()
    } else if (wireType === 2) {
      this.offset = this.endOfField(limit)
    } else if (wireType === 1 || wireType === 5) {
      this.offset += wireType === 1 ? 8 : 4
    } else {
      throw treeInvalid(this.cid, `a field has wire type ${wireType}`)
    }
    if (this.offset > limit) {
      throw treeInvalid(this.cid, 'a field reaches behind its end')
    }
  }

  /** Skips a number of up to 64 bits. */
  skipVarint(limit: number): void {
    const last = this.offset + 9
    while (this.offset < last && (this.bytes[this.offset] ?? 0) >= 0x80) {
      this.offset++
    }
    this.offset++
    if (this.offset > limit) {
      throw treeInvalid(this.cid, 'a field reaches behind its end')
    }
  }

  #longVarint(): number {
    let value = 0
    let factor = 1
    for (let count = 0; count < 8; count++) {
      const byte = this.bytes[this.offset++]
      if (byte === undefined) {
        break
      }
      value += (byte & 0x7f) * factor
      factor *= 0x80
      if (byte < 0x80) {
        if (byte === 0 || value > Number.MAX_SAFE_INTEGER) {
          break
        }
        return value
      }
    }
    throw treeInvalid(this.cid, 'a number is cut short, too large or not written in its shortest form')
  }
}
