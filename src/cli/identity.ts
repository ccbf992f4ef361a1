import { hostname, userInfo } from 'node:os'

import { readDate, readSourceDateEpoch, localDate } from '../model/commit/date-input.ts'
import { createIdentity, type Identity, type Person } from '../model/commit/person.ts'
import type { Config } from '../repo/config/config.ts'
import type { Context } from './context.ts'

type Role = 'AUTHOR' | 'COMMITTER'

/**
 * Who acts: `JZFS_AUTHOR_NAME` and `_EMAIL` (or the committer's), else `user.name` and `user.email`, else user@host of
 * the system, which is said on standard error. When: `JZFS_AUTHOR_DATE`, else `SOURCE_DATE_EPOCH`, else now.
 */
export function currentPerson(context: Context, config: Pick<Config, 'get'>, role: Role): Person {
  return { ...identity(context, config, role), date: currentDate(context, role) }
}

function identity(context: Context, config: Pick<Config, 'get'>, role: Role): Identity {
  const { env } = context
  const name = given(env[`JZFS_${role}_NAME`]) ?? (role === 'COMMITTER' ? given(env['JZFS_AUTHOR_NAME']) : undefined)
  const email = given(env[`JZFS_${role}_EMAIL`]) ?? (role === 'COMMITTER' ? given(env['JZFS_AUTHOR_EMAIL']) : undefined)
  const system = systemIdentity()
  const chosenName = name ?? config.get('user.name')
  const chosenEmail = email ?? config.get('user.email')
  if ((chosenName === undefined || chosenEmail === undefined) && role === 'AUTHOR') {
    context.terminal.say(`no author configured: taking ${chosenName ?? system.name} <${chosenEmail ?? system.email}>`)
    context.terminal.say('hint: jzfs config --user user.name NAME; jzfs config --user user.email EMAIL')
  }
  return createIdentity(chosenName ?? system.name, chosenEmail ?? system.email)
}

function currentDate({ env, now }: Context, role: Role): string {
  const date = given(env[`JZFS_${role}_DATE`])
  if (date !== undefined) return readDate(date, localOffset)
  const epoch = given(env['SOURCE_DATE_EPOCH'])
  return epoch === undefined ? localDate(now(), localOffset) : readSourceDateEpoch(epoch)
}

function systemIdentity(): { name: string; email: string } {
  const user = userInfo().username
  return { name: user, email: `${user}@${hostname()}` }
}

/** Minutes east of UTC that the clocks here show at a moment. */
export function localOffset(moment: Date): number {
  return -moment.getTimezoneOffset()
}

function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}
