/** The little of Node's path module that iced-x86 and the debug adapter base classes use. */
export function join(...parts) {
  return parts.join('/');
}

export function basename(file) {
  return file.slice(file.lastIndexOf('/') + 1);
}

export function dirname(file) {
  return file.slice(0, Math.max(file.lastIndexOf('/'), 0)) || '.';
}
