/** How long, how many, how often: the bounds of identity, each with its reason. */

/** An access token is checked without asking anyone, so it must not outlive its roles by much. */
export const accessTokenSeconds = 15 * 60

/** How far apart the clocks of two nodes may be before one takes the other's tokens for old or early. */
export const clockLeewaySeconds = 60

/** A session ends for good this long after its sign-in, however often it was renewed. */
export const sessionMsMax = 30 * 24 * 60 * 60 * 1_000

/** A lost answer is asked for again, and two tabs renew at once, well within this time. */
export const renewalGraceMs = 10_000

/** Devices of one account; the one that was not used longest is signed out when another comes. */
export const sessionsPerAccountMax = 50

/** Sessions that one sign-in ends, so that no change grows with what a partition piled up. */
export const endedAtOnceMax = 16

/** Verified tokens remembered: some 300 bytes each, so under 3 MB. */
export const rememberedTokensMax = 10_000

/** Our tokens have under 600 characters; longer ones are refused before they are looked at. */
export const accessTokenLengthMax = 2_048

/** Imported public keys kept: more than any cluster has nodes. */
export const importedKeysMax = 256

/** The longest address that SMTP can deliver to (RFC 5321). */
export const emailLengthMax = 254

/** As long as anyone's passphrase; hashing a novel would cost us and protect nobody. */
export const passwordLengthMax = 256

export const nameLengthMax = 120
export const phoneLengthMax = 40
export const deviceLengthMax = 80

/** Hashes computed at once. Each takes 19 MiB and a core for some 30 ms; the rest waits its turn. */
export const hashesAtOnceMax = 2

/** Hashes that may wait: about two seconds of work, after which a caller would have gone away. */
export const hashesWaitingMax = 128

/** Sign-ins at one account: ten wrong passwords at once, then one every ten seconds. */
export const accountAttempts = { burst: 10, refillMs: 10_000 }

/** Sign-ins from one address, which an office may share: thirty at once, then one every two seconds. */
export const addressAttempts = { burst: 30, refillMs: 2_000 }

/** Renewals of one session: each is a durable write, and an honest client makes one in 15 minutes. */
export const renewals = { burst: 20, refillMs: 10_000 }

/** Keys that a throttle remembers: under 2 MB, and to push one out takes as many addresses. */
export const throttledKeysMax = 16_384
