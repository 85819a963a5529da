/* Runs the model that SDEverywhere made as often as the argument says, with one input changed every
   time as a sweep does, and prints the CPU seconds that it took. */
#include "sde.h"
#include <time.h>

int main(int argc, char **argv) {
  int runs = argc > 1 ? atoi(argv[1]) : 1;
  size_t times = (size_t)round((getFinalTime() - getInitialTime()) / getSaveper()) + 1;
  double *outputs = malloc(numOutputs * times * sizeof(double));
  double input[1];
  struct timespec a, b;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  for (int i = 0; i < runs; i++) {
    input[0] = 0.01 + 0.0001 * i;
    runModelWithBuffers(input, NULL, outputs, NULL, NULL, NULL);
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  printf("%.6f\n", b.tv_sec - a.tv_sec + 1e-9 * (b.tv_nsec - a.tv_nsec));
  return 0;
}
