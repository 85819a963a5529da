/* The arithmetic of one run and nothing else: as many operations of every kind as one run has,
   on vectors that stay in the first-level cache.
   Arguments: operations a run of: simple (+ - * min max), division, square root, exp, log, pow.
   Prints CPU seconds a run, the best of nine. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define N 512 /* doubles: 4 kB an array */
double x[N], y[N], z[N]; /* visible outside, so that no loop is left out */

static void simple(void) {
  for (int i = 0; i < N; i++) {
    double a = x[i], b = y[i];
    for (int k = 0; k < 4; k++) { /* 8 operations: products, sums, a maximum, a minimum */
      a = a * b;
      a = a + b;
    }
    a = a > 0.5 ? a : 0.5;
    a = a < 2.0 ? a : 2.0;
    z[i] = a;
  }
}
static void division(void) { for (int i = 0; i < N; i++) z[i] = x[i] / y[i]; }
static void root(void) { for (int i = 0; i < N; i++) z[i] = sqrt(x[i]); }
static void exponential(void) { for (int i = 0; i < N; i++) z[i] = exp(x[i]); }
static void logarithm(void) { for (int i = 0; i < N; i++) z[i] = log(x[i]); }
static void power(void) { for (int i = 0; i < N; i++) z[i] = pow(x[i], y[i]); }

static void repeat(void (*loop)(void), double operations, double each) {
  for (long n = lround(operations / (N * each)); n > 0; n--) {
    loop();
    __asm__ volatile("" ::: "memory");
  }
}

int main(int argc, char **argv) {
  double count[6], best = 1e9;
  if (argc != 7) return 2;
  for (int i = 0; i < 6; i++) count[i] = atof(argv[i + 1]);
  for (int i = 0; i < N; i++) {
    x[i] = 0.5 + (double)i / N;
    y[i] = 0.9 + 0.1 * i / N;
  }
  for (int trial = 0; trial < 9; trial++) {
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (int run = 0; run < 10; run++) {
      repeat(simple, count[0], 10);
      repeat(division, count[1], 1);
      repeat(root, count[2], 1);
      repeat(exponential, count[3], 1);
      repeat(logarithm, count[4], 1);
      repeat(power, count[5], 1);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    double spent = (b.tv_sec - a.tv_sec + 1e-9 * (b.tv_nsec - a.tv_nsec)) / 10;
    if (spent < best) best = spent;
  }
  printf("%.9f\n", best);
  return 0;
}
