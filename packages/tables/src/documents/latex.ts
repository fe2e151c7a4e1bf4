import { convertToHtml } from '@unified-latex/unified-latex-to-hast';
import { parse } from '@unified-latex/unified-latex-util-parse';
import { type ReadDocument } from './blocks.js';
import { attributeOf, htmlBlocks } from './html.js';

/** Macros whose arguments are text; the arguments of others are settings. */
const TEXT_MACROS = /^macro-(footnote|footnotetext|caption|thanks|bibitem|author|date|\w*cite\w*|\w*ref)$/;
/** Environments that are settings or drawings. */
const DROPPED_ENVIRONMENTS = /^(tikzpicture|pgfpicture|comment|filecontents\*?)$/;

/** LaTeX as it stands in one file: nothing is included, and macros of its own are not expanded. Mathematics stays LaTeX. */
export const readLatex = (text: string): ReadDocument => {
  const tree = parse(text);
  const title = find(tree, 'title');
  // A note would stand at its word as if it were a part of it.
  const html = convertToHtml(tree).replaceAll('<span class="macro macro-footnote">', ' $&');
  const { blocks } = htmlBlocks(title === null ? html : `<h1>${convertToHtml(title as never)}</h1>${html}`, {
    drop: (element) => {
      const [first, second = ''] = (attributeOf(element, 'class') ?? '').split(' ');
      if (first === 'macro') return !TEXT_MACROS.test(second);
      return first === 'environment' && DROPPED_ENVIRONMENTS.test(second);
    },
  });
  return { format: 'latex', title: null, blocks: withoutEmptyCells(blocks) };
};

/** Lines across a table come as rows that are empty but for their place. */
const withoutEmptyCells = (blocks: ReadDocument['blocks']): ReadDocument['blocks'] =>
  blocks.map((block) =>
    block.kind === 'table' ? { ...block, rows: block.rows.filter((row) => row.some((cell) => cell.trim() !== '')) } : block,
  );

interface TreeNode {
  type?: string;
  content?: unknown;
  args?: { content: unknown[] }[];
}

/** What stands in the last argument of the first macro of that name. */
const find = (node: unknown, macro: string): unknown => {
  if (Array.isArray(node)) {
    for (const child of node) {
      const found = find(child, macro);
      if (found !== null) return found;
    }
    return null;
  }
  if (typeof node !== 'object' || node === null) return null;
  const { type, content, args } = node as TreeNode;
  if (type === 'macro' && content === macro) return args?.at(-1)?.content ?? null;
  return Array.isArray(content) ? find(content, macro) : null;
};
