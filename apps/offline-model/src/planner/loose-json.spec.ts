import { parseLoosely } from './loose-json.js';

describe('JSON that was cut off', () => {
  it('should be read as it is if it is whole', () => expect(parseLoosely(' {"a":[1,{"b":"}"}]} and more')).toEqual({ a: [1, { b: '}' }] }));
  it('should give what stands before the cut', () =>
    expect(parseLoosely('{"columns":[{"name":"a","type":"VARCHAR"},{"name":"b","ty')).toEqual({
      columns: [{ name: 'a', type: 'VARCHAR' }, { name: 'b' }],
    }));
  it('should not be led astray by brackets in texts', () => expect(parseLoosely('{"a":"[{\\"","b":[1,2')).toEqual({ a: '[{"', b: [1] }));
  it('should be nothing where there is no JSON', () => expect(parseLoosely('left out')).toBeUndefined());
});
