import { unzipSync } from 'fflate';
import { packFabric, rayVersion, requirements } from './fabric-source.js';

describe('the fabric as a package', () => {
  it('should be the same for the same code, without a folder around it', () => {
    const [one, two] = [packFabric(), packFabric()];
    expect(one.uri).toMatch(/^gcs:\/\/_ray_pkg_[0-9a-f]{32}\.zip$/);
    expect(one).toEqual(two);
    const names = Object.keys(unzipSync(one.zip));
    expect(names).toContain('apwa_fabric/__main__.py');
    expect(names.every((name) => /^apwa_fabric\/\w+\.py$/.test(name))).toBe(true);
  });

  it('should pin the version of Ray', () => {
    expect(rayVersion()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(requirements().every((line) => /^[a-z]/.test(line))).toBe(true);
  });
});
