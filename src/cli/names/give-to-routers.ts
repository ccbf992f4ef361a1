import { JzfsError } from '../../model/errors.ts'
import type { IpnsRecord } from '../../sync/names/ipns-record.ts'
import type { RecordCarrier } from '../../sync/names/record-carrier.ts'
import type { Context } from '../context.ts'

/** Gives a new record to the routers; those that do not take it are named. */
export async function giveToRouters(
  context: Context,
  routers: readonly RecordCarrier[],
  { name, bytes }: IpnsRecord,
): Promise<void> {
  await Promise.all(
    routers.map(async (router) => {
      try {
        await router.putRecord(name, bytes, { signal: context.signal })
      } catch (error) {
        if (!(error instanceof JzfsError)) throw error
        context.terminal.say(`warning: ${error.message}`)
      }
    }),
  )
}
