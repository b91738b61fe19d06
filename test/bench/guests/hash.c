/* Integer: an Adler-like checksum, a rotating hash and a sieve over memory that fits a cache. */
#include "support.h"
const char workload_name[] = "hash";
const u32 workload_rounds = 40;

static u32 sieve(u8 *marks, u32 size) {
  u32 primes = 0;
  for (u32 i = 0; i < size; i++) marks[i] = 0;
  for (u32 i = 2; i < size; i++) {
    if (marks[i]) continue;
    primes++;
    for (u32 j = 2 * i; j < size; j += i) marks[j] = 1;
  }
  return primes;
}

u32 workload_run(u32 rounds) {
  u8 *bytes = ARENA;
  u32 state = 1, sum = 0;
  for (u32 i = 0; i < 65536; i++) bytes[i] = next_random(&state);
  for (u32 round = 0; round < rounds; round++) {
    u32 a = 1, b = round, h = sum;
    for (u32 pass = 0; pass < 8; pass++)
      for (u32 i = 0; i < 65536; i++) {
        a += bytes[i];
        b = (b + a) & 0xffffff;
        h = ((h << 5) | (h >> 27)) ^ bytes[i];
      }
    sum += a ^ b ^ h ^ sieve(ARENA + 0x10000, 200000);
  }
  return sum;
}
