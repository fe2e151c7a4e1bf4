import { isObject, withSource } from '@apwa/config';

/**
 * A plan document in which the files that its functions name as `sourceFile` have become their `source`: a server does not see them. Paths
 * are relative to the plan's file.
 */
export const withSources = async (document: unknown, planFile: string): Promise<unknown> => {
  if (!isObject(document) || !Array.isArray(document.capabilities)) return document;
  const capabilities = await Promise.all(
    document.capabilities.map((capability: unknown, index) => withSource(capability, planFile, `capabilities[${index}].`)),
  );
  return { ...document, capabilities };
};
