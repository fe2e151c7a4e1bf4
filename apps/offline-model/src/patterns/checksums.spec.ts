import { hasIbanLength, passesIban, passesLuhn } from './checksums.js';

describe('checksums', () => {
  it.each(['4111 1111 1111 1111', '5555-5555-5555-4444', '378282246310005', '6011000990139424'])('should pass card %s', (value) =>
    expect(passesLuhn(value)).toBe(true),
  );
  it.each(['4111 1111 1111 1112', '5555555555554445', '', '1'])('should fail card %j', (value) => expect(passesLuhn(value)).toBe(false));
  it.each(['DE89 3704 0044 0532 0130 00', 'GB82WEST12345698765432', 'NO9386011117947', 'fr1420041010050500013m02606'])(
    'should pass IBAN %s',
    (value) => expect(passesIban(value)).toBe(true),
  );
  it.each(['DE89 3704 0044 0532 0130 01', 'GB82WEST1234569876543', 'XX82WEST12345698765432'])('should fail IBAN %s', (value) =>
    expect(passesIban(value)).toBe(false),
  );
  it("should know the countries' lengths", () =>
    expect([hasIbanLength('NO00 0000 0000 000'), hasIbanLength('NO00 0000')]).toEqual([true, false]));
});
