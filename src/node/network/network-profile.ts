import { InvalidError } from '../../model/errors.ts'

/** How far a node reaches: this machine, the local network, or the Internet. */
export type NetworkProfile = 'loopback' | 'lan' | 'public'

/**
 * The addresses that a node of this profile listens on. Port 0 is any that is free.
 * Throws InvalidError `profile-unsupported` for the profiles that are not there yet.
 */
export function listenAddresses(profile: NetworkProfile, port: number): string[] {
  if (profile !== 'loopback') {
    throw new InvalidError('profile-unsupported', `the network profile "${profile}" is not there yet`, {
      hint: 'run `jzfs config --user network.profile loopback`',
      details: { profile },
    })
  }
  return [`/ip4/127.0.0.1/tcp/${port}`]
}
