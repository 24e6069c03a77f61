/*
 * Fault points: places where a crash would hurt most. In builds for tests
 * (TOCSIN_FAULTS) the environment variable TOCSIN_FAULT_AT=n makes the process
 * kill -9 itself at the n-th fault point it passes; in a release they are
 * nothing. tests/crash walks n = 1, 2, 3 … until a whole scenario passes.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#ifdef TOCSIN_FAULTS
void fault_point(const char *where);
#else
#define fault_point(where) ((void)0)
#endif

#endif
