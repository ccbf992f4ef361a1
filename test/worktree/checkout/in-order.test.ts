import { setTimeout } from 'node:timers/promises'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createInOrder } from '../../../src/worktree/checkout/in-order.ts'

describe('createInOrder', () => {
  it('hands on results in the order of their work, of which only so much goes on at once', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.nat({ max: 3 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (delays, limit) => {
        const done: number[] = []
        let [running, most] = [0, 0]
        const order = createInOrder<number>(limit, (number) => done.push(number))
        for (const [number, delay] of delays.entries()) {
          await order.begin(async () => {
            most = Math.max(most, ++running)
            if (delay > 0) await setTimeout(delay)
            running--
            return number
          })
        }
        await order.drain()
        expect(done).toEqual(delays.map((_, number) => number))
        expect(most).toBeLessThanOrEqual(limit)
      },
    )
    await fc.assert(property, { numRuns: 25 })
  })

  it('throws what went wrong in its turn, and waits for the rest when it stops', async () => {
    const done: string[] = []
    const finished: string[] = []
    const order = createInOrder<string>(3, (name) => done.push(name))
    await order.begin(() => Promise.resolve('first'))
    await order.begin(() => Promise.reject(new Error('second')))
    await order.begin(async () => {
      await setTimeout(20)
      finished.push('third')
      return 'third'
    })
    await expect(order.drain()).rejects.toThrow('second')
    expect(done).toEqual(['first'])
    await order.stop()
    expect(finished).toEqual(['third'])
    expect(done).toEqual(['first'])
  })
})
