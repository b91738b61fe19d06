/**
 * Types as text while they are put together: declarators grow from the inside out, so what stands left of the
 * (absent) name is kept apart from what stands right of it. Spaced as GNU's demangler spaces them.
 */

export interface Piece {
  readonly left: string;
  readonly right: string;
  /** A pointer to it needs parentheses. */
  readonly kind?: 'function' | 'array';
  /** A reference: `&` to it changes nothing. */
  readonly reference?: '&' | '&&';
  /** What a parameter pack stands for. */
  readonly pack?: readonly Piece[];
}

export function word(text: string): Piece {
  return { left: text, right: '' };
}

export function pieceText(piece: Piece): string {
  if (piece.pack !== undefined) return piece.pack.map(pieceText).join(', ');
  return piece.left + piece.right;
}

/** At least that of its text. */
export function pieceLength({ left, right, pack }: Piece): number {
  return left.length + right.length + (pack ?? []).reduce((sum, one) => sum + 2 + pieceLength(one), 0);
}

/** `*`, `&`, `&&` or `Class::*` to a type. */
export function pointerTo(target: Piece, mark: string): Piece {
  if (target.pack !== undefined) return { ...target, pack: target.pack.map((one) => pointerTo(one, mark)) };
  if (mark === '&' && target.reference !== undefined)
    return { ...target, left: target.left.replace(/&&$/, '&'), reference: '&' };
  if (mark === '&&' && target.reference !== undefined) return target;
  const reference = mark === '&' || mark === '&&' ? mark : undefined;
  const isMember = mark.endsWith('::*');
  if (target.kind === undefined)
    return { left: target.left + (isMember ? ' ' : '') + mark, right: target.right, reference };
  const open = target.kind === 'array' ? ' (' : '(';
  return { left: target.left + open + mark, right: `)${target.right}`, reference };
}

/** `const` and its like stand behind what they qualify. */
export function qualified(target: Piece, qualifiers: string): Piece {
  if (target.pack !== undefined) return { ...target, pack: target.pack.map((one) => qualified(one, qualifiers)) };
  if (target.kind === 'function') return { ...target, right: target.right + qualifiers };
  if (target.kind === 'array') return { ...target, left: target.left + qualifiers };
  return { left: target.left + qualifiers, right: target.right };
}

export function functionPiece(result: Piece, parameters: string, suffix: string): Piece {
  return { left: `${result.left} `, right: `(${parameters})${suffix}${result.right}`, kind: 'function' };
}

export function arrayPiece(element: Piece, dimension: string): Piece {
  const right =
    element.kind === 'array' ? `[${dimension}]${element.right.trimStart()}` : `[${dimension}]${element.right}`;
  return { left: element.left, right: ` ${right}`, kind: 'array' };
}
