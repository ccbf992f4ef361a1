import { describe, expect, it } from 'vitest'

import { nearest } from '../../src/cli/nearest.ts'

describe('nearest', () => {
  it('names what differs by a slip, nearest first', () => {
    expect(nearest('comit', ['commit', 'add', 'omit', 'config'])).toEqual(['commit', 'omit'])
  })

  it('names nothing where all is far', () => {
    expect(nearest('frobnicate', ['commit', 'add'])).toEqual([])
  })
})
