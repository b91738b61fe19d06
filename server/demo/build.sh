#!/bin/sh
# Builds the demo guest from the sources beside this script: build.sh [OUTPUT] (default: demo.elf here), and
# loader.elf, the boot sector of the demo disk, beside it.
# Reproducible: the same compiler and binutils make the same bytes in any folder. demo.toolchain tells which
# ones made the committed image.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/demo.elf}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C SOURCE_DATE_EPOCH=0
cd "$here"
flags="-m32 -march=i486 -mgeneral-regs-only -O0 -g -gdwarf-5 -std=gnu11 -Wall -Wextra -ffreestanding -fno-builtin
  -fno-pie -fno-stack-protector -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fcf-protection=none
  -fno-common -nostdinc -ffile-prefix-map=$here=server/demo"
for source in boot.S entry.S loader.S; do
  gcc -m32 -g -gdwarf-5 -Wa,-gdwarf-5 "-ffile-prefix-map=$here=server/demo" -c "$source" -o "$work/${source%.*}.o"
done
for source in kmain.c console.c paging.c descriptors.c interrupts.c timer.c system-calls.c user.c; do
  # shellcheck disable=SC2086
  gcc $flags -c "$source" -o "$work/${source%.*}.o"
done
cd "$work"
ld -m elf_i386 -T "$here/link.ld" --build-id=none -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments -o demo.elf \
  boot.o entry.o kmain.o console.o paging.o descriptors.o interrupts.o timer.o system-calls.o user.o
ld -m elf_i386 -Ttext 0x7c00 -N --build-id=none -z noexecstack --no-warn-rwx-segments -o loader.elf loader.o
mkdir -p "$(dirname "$output")"
cp demo.elf "$output"
cp loader.elf "$(dirname "$output")/loader.elf"
chmod 644 "$output" "$(dirname "$output")/loader.elf"
{ gcc --version | head -n 1; ld --version | head -n 1; } > "${output%.elf}.toolchain"
