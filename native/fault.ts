/** What the structures refuse, by a stable code; the C++ module and its twin throw the same. */

export const nativeFaultCodes = ['bad_argument', 'busy', 'closed', 'no_memory', 'too_long'] as const
export type NativeFaultCode = (typeof nativeFaultCodes)[number]

export type NativeFault = Error & { readonly code: NativeFaultCode }

export const nativeFault = (code: NativeFaultCode, message: string): NativeFault =>
  Object.assign(new Error(message), { code })

export const isNativeFault = (error: unknown): error is NativeFault =>
  error instanceof Error &&
  'code' in error &&
  (nativeFaultCodes as readonly unknown[]).includes(error.code)
