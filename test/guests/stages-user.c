/* The last of three programs: runs wherever it is put, for it names no address. */
static int square(int side);

int user_start(int seed) {
  int total = 0;
  for (int i = 0; i < 2; i++)
    total += square(seed + i);
  return total;
}

static int square(int side) {
  int area = side * side;
  return area;
}
