/**
 * Finds what looks like the number of a payment card, which this shop must never hold: whoever keeps
 * one is in scope of PCI DSS with all systems that it passes through.
 */

// As one number, and in the groups in which cards show them.
const forms = [
  /(?<!\d)\d{13,19}(?!\d)/g,
  /(?<!\d)\d{4}(?:[ -]\d{4}){3}(?!\d)/g,
  /(?<!\d)\d{4}(?:[ -]\d{4}){3}[ -]\d{3}(?!\d)/g,
  /(?<!\d)\d{4}[ -]\d{6}[ -]\d{4,5}(?!\d)/g,
]

/**
 * Whether the text holds a card number: the right count of digits, a first digit that card schemes
 * use, and the check digit of Luhn's formula. One text in forty that is as long as a card number and
 * none is taken for one too; so this is asked of tokens and remarks, not of article numbers.
 */
export const holdsCardNumber = (text: string): boolean =>
  forms.some((form) => text.match(form)?.some((match) => isCardNumber(match.replace(/[ -]/g, ''))))

const isCardNumber = (digits: string): boolean => /^[2-6]/.test(digits) && hasLuhnDigit(digits)

const hasLuhnDigit = (digits: string): boolean => {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place])
    const weighed = place % 2 === 0 ? digit : digit * 2
    sum += weighed > 9 ? weighed - 9 : weighed
  }
  return sum % 10 === 0
}
