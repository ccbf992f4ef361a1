import { JzfsError } from '../../model/errors.ts'

/** One thing that was looked at, and how it is. */
export interface DoctorFinding {
  /** Stable: `home-readable-by-others`. What is as it should be goes by the name of the check: `home`. */
  code: string
  /** `error`: something does not work. `warning`: it will not, or is not wise. */
  severity: 'ok' | 'warning' | 'error'
  message: string
  /** How to mend it. */
  remedy?: string
}

/** What is as it should be. */
export function sound(code: string, message: string): DoctorFinding {
  return { code, severity: 'ok', message }
}

/** What will not go well, or is not wise. */
export function warning(code: string, message: string, remedy: string): DoctorFinding {
  return { code, severity: 'warning', message, remedy }
}

/** What does not work. */
export function failure(code: string, message: string, remedy: string): DoctorFinding {
  return { code, severity: 'error', message, remedy }
}

/** An error as a finding. What is no JzfsError is a bug, and is thrown. */
export function findingOf(error: unknown, severity: 'warning' | 'error' = 'error'): DoctorFinding {
  if (!(error instanceof JzfsError)) throw error
  const { code, message, hint } = error
  return { code, severity, message, ...(hint === undefined ? {} : { remedy: hint }) }
}
