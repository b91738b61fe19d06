/** Where gdb 13 words something that is not wrong with us otherwise than we do; every such place stands here. */
import type { Compiler } from '../guests/compile.ts';

/** A value as gdb prints it, in our words. */
export function ourWords(text: string, compiler: Compiler): string {
  let words = text
    // The name of the variable stands in front of it in any case.
    .replace(
      /<error reading variable(?: \w+)? \(Cannot access memory at address (0x[0-9a-f]+)\)>/,
      '<cannot read memory at $1>',
    )
    .replace(/<error reading variable: Could not find active enum variant>/, '<no active variant>');
  // LLVM describes the parts of a structure that are left, and no more; what nobody describes gdb calls a
  // synthetic pointer (GNU's compilers write real ones).
  if (compiler === 'rustc' || compiler.startsWith('clang'))
    words = words.replaceAll('<synthetic pointer>', '<optimized out>');
  // gdb takes symbols of Rust that are no functions for C++'s, and leaves the hash in them.
  if (compiler === 'rustc') words = words.replaceAll(/::h[0-9a-f]{16}(?=[>+])/g, '');
  return words;
}

/** An expression that needs memory where there is none is an error with gdb; with us the answer says it. */
export function isUnreadable(answer: string): boolean {
  return answer.startsWith('<cannot read memory');
}

/** The type of a value as we print it, in gdb's words: it does not look at the names that Rust gives to pointers. */
export function gdbType(type: string, compiler: Compiler): string {
  if (compiler !== 'rustc') return type;
  const array = /^\[(.*)(; \d+\])$/.exec(type);
  if (array !== null) return `[${gdbType(array[1], compiler)}${array[2]}`;
  const pointer = /^(?:&mut |&|\*const |\*mut )(?!str$|\[|dyn )(.*)$/.exec(type);
  if (pointer !== null) return `*mut ${gdbType(pointer[1], compiler)}`;
  return type.replace(/^extern "C" fn\(/, '*mut fn (');
}
