/** Paths as compilers wrote them: joined, with `.` and `..` folded, and with `/` between names. */

/** `name` itself when it is absolute, else below `folder`. */
export function joinPath(folder: string, name: string): string {
  return normalizePath(isAbsolute(name) || folder === '' ? name : `${folder}/${name}`);
}

export function isAbsolute(path: string): boolean {
  return /^([/\\]|[A-Za-z]:[/\\])/.test(path);
}

export function normalizePath(path: string): string {
  const parts: string[] = [];
  const absolute = /^[/\\]/.test(path);
  for (const part of path.split(/[/\\]+/)) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts[parts.length - 1] !== '..') parts.pop();
    else if (part !== '..' || !absolute) parts.push(part);
  }
  return (absolute ? '/' : '') + parts.join('/');
}

/**
 * True when the two may be the same file: equal, or one is relative and is the tail of the other. Both
 * normalized.
 */
export function samePath(one: string, other: string): boolean {
  if (one === other) return true;
  if (one === '' || other === '') return false;
  return (!isAbsolute(other) && one.endsWith(`/${other}`)) || (!isAbsolute(one) && other.endsWith(`/${one}`));
}
