import { SaxesParser } from 'saxes';

export interface XmlHandlers {
  open?: (name: string, attributes: Record<string, string>) => void;
  close?: (name: string) => void;
  text?: (text: string) => void;
  cdata?: (text: string) => void;
}

class XmlFault extends Error {}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * Reads XML that comes in pieces; `drain` is called after each. Names come without their prefix. A document type is refused: nothing that
 * we read has one, and its entities are how small documents become large.
 */
export async function* readXml<Row>(pieces: AsyncIterable<string>, handlers: XmlHandlers, drain: () => Row[]): AsyncIterable<Row[]> {
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw new XmlFault(error.message);
  });
  parser.on('doctype', () => {
    throw new XmlFault('it has a document type');
  });
  parser.on('opentag', ({ name, attributes }) => handlers.open?.(localName(name), attributes));
  parser.on('closetag', ({ name }) => handlers.close?.(localName(name)));
  if (handlers.text) parser.on('text', handlers.text);
  if (handlers.cdata) parser.on('cdata', handlers.cdata);
  for await (const piece of pieces) {
    parser.write(piece);
    const rows = drain();
    if (rows.length > 0) yield rows;
  }
  parser.close();
  const rows = drain();
  if (rows.length > 0) yield rows;
}

/** Reads a whole document for its events. */
export const walkXml = async (pieces: AsyncIterable<string>, handlers: XmlHandlers): Promise<void> => {
  for await (const _ of readXml(pieces, handlers, () => []));
};
